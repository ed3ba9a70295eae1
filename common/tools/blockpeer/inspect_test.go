// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/inspect"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
)

// What is printed of a block is for core/blockpeer/inspect, and tested there.
func TestInspect(t *testing.T) {
	ctx := begin(t)
	var files []string
	for _, name := range []string{"0009.block", "0031.block"} {
		files = append(files, filepath.Join(nettest.RecordedDir(), "mychannel", name))
	}
	out, err := run(ctx, append([]string{"inspect"}, files...)...)
	require.NoError(t, err)
	want := ""
	for _, name := range []string{"0009.txt", "0031.txt"} {
		text, err := os.ReadFile(filepath.Join("../../../core/blockpeer/inspect/testdata", name))
		require.NoError(t, err)
		want += string(text)
	}
	require.Equal(t, want, out)

	out, err = run(ctx, append([]string{"inspect", "--json"}, files...)...)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Len(t, lines, 2, "one object a line")
	for i, number := range []uint64{9, 31} {
		var d inspect.Block
		require.NoError(t, json.Unmarshal([]byte(lines[i]), &d))
		require.Equal(t, number, d.Number)
		require.NotNil(t, d.Config)
	}
}

func TestInspectGoesOnAfterAFileThatIsNoBlock(t *testing.T) {
	ctx := begin(t)
	good := filepath.Join(nettest.RecordedDir(), "mychannel", "0003.block")
	cut := nettest.WriteBlock(t, nettest.RecordedChain(t)[3][:777])
	out, err := run(ctx, "inspect", "/missing", cut, good)
	require.ErrorContains(t, err, "/missing: open /missing")
	require.ErrorContains(t, err, cut+": ")
	require.Contains(t, out, `block 3 of channel "mychannel"`)
	_, err = run(ctx, "inspect")
	require.ErrorContains(t, err, "requires at least 1 arg(s)")
}
