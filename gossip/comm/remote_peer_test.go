// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
)

func TestRemotePeerIsPrintedWithItsID(t *testing.T) {
	peer := &comm.RemotePeer{Endpoint: "host:7051", PKIID: common.PKIidType{1, 255}}
	assert.Equal(t, "host:7051, PKIid:[1 255]", peer.String())
}
