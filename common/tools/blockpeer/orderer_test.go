// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/core/blockpeer/submit"
	cb "github.com/hyperledger/fabric/protos/common"
)

// ordering is an orderer command in a process of its own.
type ordering struct {
	command  *exec.Cmd
	log      *bytes.Buffer // complete once the process has ended
	greeting string
	address  string
}

func startOrderer(ctx context.Context, t *testing.T, arguments ...string) *ordering {
	t.Helper()
	o := &ordering{command: inProcess(ctx, append([]string{"orderer", "--listen", "127.0.0.1:0"}, arguments...)...), log: &bytes.Buffer{}}
	o.command.Stderr = o.log
	output, err := o.command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, o.command.Start())
	t.Cleanup(func() {
		if o.command.ProcessState == nil {
			o.command.Process.Kill()
			o.command.Wait()
		}
	})
	lines := bufio.NewScanner(output)
	require.True(t, lines.Scan(), "it greets")
	o.greeting = lines.Text()
	o.address = regexp.MustCompile(`127\.0\.0\.1:\d+$`).FindString(o.greeting)
	return o
}

// interrupt ends the process as an operator does, and demands success.
func (o *ordering) interrupt(t *testing.T) {
	t.Helper()
	require.NoError(t, o.command.Process.Signal(syscall.SIGTERM))
	require.NoError(t, o.command.Wait(), "%s", o.log)
}

func tlsFlags() []string {
	return []string{"--cert", network.OrdererFile("tls", "server.crt"), "--key", network.OrdererFile("tls", "server.key"), "--clientca", network.PeerFile("tls", "ca.crt")}
}

func TestOrdererPlaysBackARecordedChain(t *testing.T) {
	ctx, recorded := begin(t), nettest.RecordedChain(t)
	o := startOrderer(ctx, t, append(tlsFlags(), "--replay", filepath.Join(nettest.RecordedDir(), "mychannel"))...)
	require.Equal(t, "orderer: replaying 33 blocks of channel mychannel on "+o.address, o.greeting)
	folder := t.TempDir()
	_, err := run(ctx, "fetch", "oldest..newest", "--config", network.CoreYAML(t), "--block", nettest.WriteBlock(t, recorded[0]), "--orderer", o.address, "--to", folder)
	require.NoError(t, err)
	requireFiles(t, folder, recorded, 0, 32)
	o.interrupt(t)

	// What fetch has written can be played back in turn, here without TLS.
	o = startOrderer(ctx, t, "--replay", folder, "--close-after-failure")
	t.Setenv("CORE_PEER_TLS_ENABLED", "false")
	again := t.TempDir()
	_, err = run(ctx, "fetch", "9..11", "--config", network.CoreYAML(t), "--channel", "mychannel", "--orderer", o.address, "--to", again)
	require.NoError(t, err)
	requireFiles(t, again, recorded, 9, 11)
	o.interrupt(t)
}

func TestOrdererOrdersAndContinues(t *testing.T) {
	ctx := begin(t)
	t.Setenv("CORE_PEER_TLS_ENABLED", "false")
	zero := nettest.WriteBlock(t, nettest.Encode(t, network.Genesis(t, "mychannel")))
	arguments := []string{"--block", zero, "--dir", filepath.Join(t.TempDir(), "orderer"), "--msp-dir", network.OrdererFile("msp"), "--msp-id", "OrdererMSP"}

	o := startOrderer(ctx, t, arguments...)
	require.Equal(t, "orderer: channel mychannel at height 1 on "+o.address, o.greeting)
	conn, err := grpc.NewClient(o.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	stream, err := submit.Open(ctx, conn)
	require.NoError(t, err)
	for range 15 { // a block of 10, and 5 that wait for more
		envelope, err := submit.Transaction("mychannel", network.UserSigner(t), []byte("x"))
		require.NoError(t, err)
		require.NoError(t, stream.Send(envelope))
	}
	o.interrupt(t)

	o = startOrderer(ctx, t, arguments...)
	require.Regexp(t, "^orderer: channel mychannel at height [23] on ", o.greeting)
	folder := t.TempDir()
	_, err = run(ctx, "fetch", "1", "--config", network.CoreYAML(t), "--block", zero, "--orderer", o.address, "--to", folder)
	require.NoError(t, err)
	raw, err := os.ReadFile(filepath.Join(folder, "0001.block"))
	require.NoError(t, err)
	require.Len(t, nettest.Decode(t, raw).Data.Data, 10)
	o.interrupt(t)
}

func TestOrdererRefusals(t *testing.T) {
	ctx := begin(t)
	dir := t.TempDir()
	zero := nettest.WriteBlock(t, nettest.Encode(t, network.Genesis(t, "mychannel")))
	other := nettest.WriteBlock(t, nettest.Encode(t, network.Genesis(t, "mychannel")))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	empty, garbage := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(garbage, "0000.block"), []byte("no block"), 0o600))
	live := func(more ...string) []string {
		return append([]string{"--listen", "127.0.0.1:0", "--dir", dir, "--msp-dir", network.OrdererFile("msp"), "--msp-id", "OrdererMSP"}, more...)
	}
	for _, c := range []struct {
		name      string
		arguments []string
		wants     string
	}{
		{"nothing", []string{"--listen", "127.0.0.1:0"}, "--dir, --block, --msp-dir and --msp-id are needed (or --replay)"},
		{"no block", live("--block", "/missing"), "--block: open /missing"},
		{"no MSP", []string{"--listen", "127.0.0.1:0", "--dir", dir, "--block", zero, "--msp-dir", "/missing", "--msp-id", "M"}, "MSP directory /missing (MSP M)"},
		{"no recording", []string{"--listen", "127.0.0.1:0", "--replay", empty}, "--replay " + empty + ": "},
		{"bad recording", []string{"--listen", "127.0.0.1:0", "--replay", garbage}, filepath.Join(garbage, "0000.block")},
		{"port in use", []string{"--listen", listener.Addr().String(), "--replay", empty}, "--listen " + listener.Addr().String() + ": "},
		{"key without cert", live("--key", "k"), "--key and --clientca need --cert"},
		{"no cert", live("--cert", "/missing"), "--cert: open /missing"},
		{"no key", live("--cert", network.OrdererFile("tls", "server.crt"), "--key", "/missing"), "--key: open /missing"},
		{"no client roots", live("--cert", network.OrdererFile("tls", "server.crt"), "--key", network.OrdererFile("tls", "server.key"), "--clientca", "/missing"), "--clientca: open /missing"},
		{"argument", []string{"mychannel"}, `unknown command "mychannel"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := run(ctx, append([]string{"orderer"}, c.arguments...)...)
			require.ErrorContains(t, err, c.wants)
		})
	}
	o := startOrderer(ctx, t, append(live("--block", zero), "--listen", "127.0.0.1:0")...)
	o.interrupt(t)
	_, err = run(ctx, append([]string{"orderer"}, live("--block", other)...)...)
	require.ErrorContains(t, err, "another genesis block")
}

func TestUnusualBlockFiles(t *testing.T) {
	ctx := begin(t)
	// A block with unknown fields is kept as it is.
	raw := append(nettest.RecordedChain(t)[3], 0xfa, 0x3e, 1, 'x')
	block := &cb.Block{}
	require.NoError(t, proto.Unmarshal(raw, block))
	out, err := run(ctx, "inspect", nettest.WriteBlock(t, raw))
	require.NoError(t, err)
	require.Contains(t, out, `block 3 of channel "mychannel"`)
}
