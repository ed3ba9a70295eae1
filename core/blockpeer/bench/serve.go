// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/internal/rusage"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/hyperledger/fabric/gossip/protoext"
)

// serveArgument, as the first one, makes this program the server. It serves
// until its input ends; each line of it is answered by the CPU time used so
// far, in nanoseconds.
const serveArgument = "serve-blocks"

// Formats of what the server says: a greeting, and an answer.
const (
	greetingFormat = "address %s blocks %d bytes %d transactions %d\n"
	cpuFormat      = "cpu %d\n"
)

// serve is the server process.
func serve(arguments []string, in io.Reader, out io.Writer) (err error) {
	flogging.Init(flogging.Config{LogSpec: "error"})
	flags := flag.NewFlagSet(serveArgument, flag.ContinueOnError)
	dir := flags.String("dir", "", "")
	useTLS := flags.Bool("tls", false, "")
	raw := flags.Bool("raw", false, "")
	size := flags.Int("size", 0, "")
	tx := flags.Int("tx", 0, "")
	total := flags.Int("chain", 0, "")
	profile := flags.String("cpuprofile", "", "")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	n := &network{dir: *dir, tls: *useTLS}
	blocks, err := makeBlocks(n, *size, *tx, *total)
	if err != nil {
		return err
	}
	last, err := protoext.UnmarshalBlock(blocks[len(blocks)-1])
	if err != nil {
		return err
	}
	offered, err := newService(n, blocks, *raw)
	if err != nil {
		return err
	}
	s, err := newServer(n)
	if err != nil {
		return err
	}
	offered.Register(s.Server())
	if *profile != "" {
		stopProfile, err := startProfile(*profile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stopProfile()) }()
	}
	served := make(chan error, 1)
	go func() { served <- s.Start() }()
	fmt.Fprintf(out, greetingFormat, s.Address(), len(blocks), len(blocks[len(blocks)-1]), len(last.GetData().GetData()))
	for lines := bufio.NewScanner(in); lines.Scan(); {
		fmt.Fprintf(out, cpuFormat, rusage.CPU().Nanoseconds())
	}
	offered.Stop()
	s.Stop()
	return <-served
}

// mostBlocks keeps a pass over small blocks short: the noise of the machine is to
// fall on both sides alike.
const mostBlocks = 3000

// makeBlocks returns block 0 and as many further ones as total bytes hold, within
// limits.
func makeBlocks(n *network, size, tx, total int) ([][]byte, error) {
	signer, err := blockpeer.SignerFromDir(n.ordererFile("msp"), ordererOrg.MSPID)
	if err != nil {
		return nil, err
	}
	first, raw, err := n.genesis()
	if err != nil {
		return nil, err
	}
	c, err := newChain(signer, first, size, tx)
	if err != nil {
		return nil, err
	}
	blocks := [][]byte{raw}
	for count := max(leastBlocks, min(mostBlocks, total/size)); len(blocks) <= count; {
		if raw, err = c.block(); err != nil {
			return nil, err
		}
		blocks = append(blocks, raw)
	}
	return blocks, nil
}

func newServer(n *network) (*comm.GRPCServer, error) {
	security := &comm.SecureOptions{UseTLS: n.tls, RequireClientCert: n.tls}
	if n.tls {
		for file, content := range map[string]*[]byte{
			n.ordererFile("tls", "server.crt"): &security.Certificate,
			n.ordererFile("tls", "server.key"): &security.Key,
		} {
			var err error
			if *content, err = os.ReadFile(file); err != nil {
				return nil, err
			}
		}
		root, err := os.ReadFile(n.peerFile("tls", "ca.crt"))
		if err != nil {
			return nil, err
		}
		security.ClientRootCAs = [][]byte{root}
	}
	return comm.NewGRPCServer("127.0.0.1:0", comm.ServerConfig{SecOpts: security})
}
