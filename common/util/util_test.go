// SPDX-License-Identifier: Apache-2.0

package util_test

import (
	"context"
	"encoding/hex"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/peer"

	"github.com/hyperledger/fabric/common/util"
)

func TestHashesOfNothing(t *testing.T) {
	require.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", hex.EncodeToString(util.ComputeSHA256(nil)))
	require.Equal(t, "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a", hex.EncodeToString(util.ComputeSHA3256(nil)))
}

func TestConcatenationIsACopy(t *testing.T) {
	part := []byte("ab")
	joined := util.ConcatenateBytes(part, nil, []byte("c"))
	part[0] = 'x'
	require.Equal(t, "abc", string(joined))
	require.Empty(t, util.ConcatenateBytes())
}

func TestTimestampIsNow(t *testing.T) {
	before := time.Now()
	stamp := util.CreateUtcTimestamp()
	at := time.Unix(stamp.Seconds, int64(stamp.Nanos))
	require.False(t, at.Before(before.Truncate(0)) || at.After(time.Now()))
}

func TestUUIDs(t *testing.T) {
	seen := map[string]bool{}
	for i := 0; i < 100; i++ {
		id := util.GenerateUUID()
		require.Regexp(t, "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", id)
		require.False(t, seen[id])
		seen[id] = true
	}
}

func TestNamesOfTestMaterial(t *testing.T) {
	require.Equal(t, "testchainid", util.GetTestChainID())
	require.Equal(t, "**TEST_ORGID**", util.GetTestOrgID())
}

func TestRemoteAddress(t *testing.T) {
	require.Empty(t, util.ExtractRemoteAddress(context.Background()))
	require.Empty(t, util.ExtractRemoteAddress(peer.NewContext(context.Background(), &peer.Peer{})))
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7051}
	require.Equal(t, "127.0.0.1:7051", util.ExtractRemoteAddress(peer.NewContext(context.Background(), &peer.Peer{Addr: addr})))
}
