// SPDX-License-Identifier: Apache-2.0

package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"google.golang.org/grpc"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/core/blockpeer"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/fetch"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/core/blockpeer/submit"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// client submits as a user and an administrator of Org1, over mutual TLS.
type client struct {
	network     *network
	connector   *comm.GRPCClient
	conn        *grpc.ClientConn
	user, admin crypto.LocalSigner
	orderer     crypto.LocalSigner // administrator of the orderers
}

func newClient(n *network) (*client, error) {
	c := &client{network: n}
	var err error
	if c.user, err = blockpeer.SignerFromDir(n.user("User1", "msp"), "Org1MSP"); err != nil {
		return nil, err
	}
	if c.admin, err = blockpeer.SignerFromDir(n.user("Admin", "msp"), "Org1MSP"); err != nil {
		return nil, err
	}
	if c.orderer, err = blockpeer.SignerFromDir(n.ordererOrg("users", "Admin@"+ordererDomain, "msp"), "OrdererMSP"); err != nil {
		return nil, err
	}
	var files [3][]byte
	for i, file := range []string{n.node("tls", "ca.crt"), n.user("User1", "tls", "client.crt"), n.user("User1", "tls", "client.key")} {
		if files[i], err = os.ReadFile(file); err != nil {
			return nil, err
		}
	}
	c.connector, err = comm.NewGRPCClient(comm.ClientConfig{
		Timeout: 3 * time.Second,
		SecOpts: &comm.SecureOptions{UseTLS: true, RequireClientCert: true, ServerRootCAs: files[:1], Certificate: files[1], Key: files[2]},
	})
	return c, err
}

// stream opens a Broadcast stream, and a connection where there is none.
func (c *client) stream(ctx context.Context) (*submit.Stream, error) {
	if c.conn == nil {
		conn, err := c.connector.NewConnection(c.network.address, "")
		if err != nil {
			return nil, fmt.Errorf("the orderer at %s: %w", c.network.address, err)
		}
		c.conn = conn
	}
	return submit.Open(ctx, c.conn)
}

func (c *client) disconnect() {
	if c != nil && c.conn != nil {
		c.conn.Close()
		c.conn = nil
	}
}

// submit hands in transactions of random content.
func (c *client) submit(ctx context.Context, count int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.stream(ctx)
	if err != nil {
		return err
	}
	for i := 0; i < count; i++ {
		content := make([]byte, contentSize)
		rand.Read(content)
		tx, err := submit.Transaction(channelID, c.user, content)
		if err != nil {
			return err
		}
		if err := stream.Send(tx); err != nil {
			return err
		}
	}
	return nil
}

// reconfigure halves the batch timeout, with the signatures that this takes.
func (c *client) reconfigure(ctx context.Context, config *cb.Config) error {
	updated := genesis.Clone(config)
	if err := genesis.SetBatchTimeout(updated, time.Second/2); err != nil {
		return err
	}
	update, err := genesis.ComputeUpdate(channelID, config, updated)
	if err != nil {
		return err
	}
	envelope, err := genesis.SignUpdate(update, c.admin, c.orderer)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := c.stream(ctx)
	if err != nil {
		return err
	}
	return stream.Send(envelope)
}

// sameChain fetches all blocks from the orderer and compares their hashes with
// those of the store; it returns how many there are.
func sameChain(ctx context.Context, n *network, store *blockstore.Store) (uint64, error) {
	request := blockpeer.Request(channelID, []string{n.address})
	request.From, request.To = fetch.Oldest, fetch.Newest
	var count uint64
	_, err := fetch.Run(ctx, request, func(theirs *cb.Block) error {
		ours, err := store.Block(count)
		if err != nil {
			return fmt.Errorf("the orderer has block %d, the leader has not: %w", count, err)
		}
		if !bytes.Equal(protoext.BlockHeaderHash(ours.Header), protoext.BlockHeaderHash(theirs.Header)) {
			return fmt.Errorf("block %d differs: leader %x, orderer %x", count, protoext.BlockHeaderHash(ours.Header), protoext.BlockHeaderHash(theirs.Header))
		}
		count++
		return nil
	})
	if err != nil {
		return count, err
	}
	if height := store.Height(); height != count {
		return count, fmt.Errorf("the leader has %d blocks, the orderer %d", height, count)
	}
	return count, nil
}
