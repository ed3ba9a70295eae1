// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/orderer"
	"github.com/hyperledger/fabric/core/comm"
)

// ordererFlags describe an embedded orderer.
type ordererFlags struct {
	listen            string
	dir, block        string
	mspDir, mspID     string
	replay            string
	cert, key         string
	clientRoots       []string
	closeAfterFailure bool
	repair            bool
}

func ordererCommand() *cobra.Command {
	var f ordererFlags
	c := &cobra.Command{
		Use:   "orderer",
		Short: "Run an embedded orderer, or play back a recorded chain",
		Long: `Run a solo orderer for one channel: Broadcast and Deliver as a v1.3.0 orderer
serves them, blocks on disk, configuration updates followed. Or, with --replay,
serve the block files of a folder as they are.

With --clientca, connections must present a certificate of one of these roots,
and requests must name it (mutual TLS).`,
		Example: `  blockpeer orderer --block mychannel.block --dir data --msp-dir orderer/msp --msp-id OrdererMSP \
      --cert tls/server.crt --key tls/server.key --clientca org1-tlsca.pem
  blockpeer orderer --replay blocks --listen 127.0.0.1:7050`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return runOrderer(c.Context(), c.OutOrStdout(), &f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.listen, "listen", "127.0.0.1:7050", "host:port to serve on; port 0 for any")
	flags.StringVar(&f.dir, "dir", "", "folder for the chain")
	flags.StringVar(&f.block, "block", "", "file with the channel's block 0")
	flags.StringVar(&f.mspDir, "msp-dir", "", "MSP folder of the orderer")
	flags.StringVar(&f.mspID, "msp-id", "", "MSP ID of the orderer's organization")
	flags.StringVar(&f.replay, "replay", "", "folder with NUMBER.block files to serve instead")
	flags.StringVar(&f.cert, "cert", "", "TLS certificate (PEM); without it there is no TLS")
	flags.StringVar(&f.key, "key", "", "TLS private key (PEM)")
	flags.StringSliceVar(&f.clientRoots, "clientca", nil, "TLS roots (PEM file) of clients; may be repeated; demands mutual TLS")
	flags.BoolVar(&f.repair, "repair", false, repairHelp)
	flags.BoolVar(&f.closeAfterFailure, "close-after-failure", false, "end a Deliver stream after a failure status, as releases from 1.4.0 on do")
	return c
}

func runOrderer(ctx context.Context, out io.Writer, f *ordererFlags) error {
	server, err := f.server()
	if err != nil {
		return err
	}
	name, stop, err := f.register(server.Server())
	if err != nil {
		server.Listener().Close()
		return err
	}
	fmt.Fprintf(out, "orderer: %s on %s\n", name, server.Address())
	served := make(chan error, 1)
	go func() { served <- server.Start() }()
	select {
	case <-ctx.Done():
	case err = <-served:
		err = fmt.Errorf("serving on %s: %w", server.Address(), err)
	}
	stop()
	server.Stop()
	return err
}

// register puts the service on the server and returns what it is and how to
// end it.
func (f *ordererFlags) register(server *grpc.Server) (name string, stop func(), err error) {
	if f.replay != "" {
		replay, err := orderer.NewReplayDir(f.replay, orderer.ReplayConfig{MutualTLS: len(f.clientRoots) > 0, CloseAfterFailure: f.closeAfterFailure})
		if err != nil {
			return "", nil, fmt.Errorf("--replay %s: %w", f.replay, err)
		}
		replay.Register(server)
		return fmt.Sprintf("replaying %d blocks of channel %s", replay.Height(), replay.ChannelID()), replay.Stop, nil
	}
	cfg, err := f.config()
	if err != nil {
		return "", nil, err
	}
	o, err := orderer.New(*cfg)
	if err != nil {
		return "", nil, err
	}
	o.Register(server)
	return fmt.Sprintf("channel %s at height %d", o.ChannelID(), o.Height()), o.Stop, nil
}

func (f *ordererFlags) config() (*orderer.Config, error) {
	if f.dir == "" || f.mspDir == "" || f.mspID == "" || f.block == "" {
		return nil, errors.New("--dir, --block, --msp-dir and --msp-id are needed (or --replay)")
	}
	signer, err := blockpeer.SignerFromDir(f.mspDir, f.mspID)
	if err != nil {
		return nil, err
	}
	cfg := &orderer.Config{Dir: f.dir, Signer: signer, MutualTLS: len(f.clientRoots) > 0, CloseAfterFailure: f.closeAfterFailure}
	if f.repair {
		cfg.StoreOptions = append(cfg.StoreOptions, blockstore.TruncateAtDamage())
	}
	cfg.Genesis, err = readBlock(f.block)
	return cfg, err
}

func (f *ordererFlags) server() (*comm.GRPCServer, error) {
	security := &comm.SecureOptions{UseTLS: f.cert != "", RequireClientCert: len(f.clientRoots) > 0}
	if !security.UseTLS && (f.key != "" || security.RequireClientCert) {
		return nil, errors.New("--key and --clientca need --cert")
	}
	if security.UseTLS {
		var err error
		if security.Certificate, err = os.ReadFile(f.cert); err != nil {
			return nil, fmt.Errorf("--cert: %w", err)
		}
		if security.Key, err = os.ReadFile(f.key); err != nil {
			return nil, fmt.Errorf("--key: %w", err)
		}
		for _, file := range f.clientRoots {
			root, err := os.ReadFile(file)
			if err != nil {
				return nil, fmt.Errorf("--clientca: %w", err)
			}
			security.ClientRootCAs = append(security.ClientRootCAs, root)
		}
	}
	server, err := comm.NewGRPCServer(f.listen, comm.ServerConfig{SecOpts: security})
	if err != nil {
		return nil, fmt.Errorf("--listen %s: %w", f.listen, err)
	}
	return server, nil
}
