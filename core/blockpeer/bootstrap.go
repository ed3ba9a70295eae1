// SPDX-License-Identifier: Apache-2.0

package blockpeer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/viper"

	"github.com/hyperledger/fabric/common/localmsp"
	"github.com/hyperledger/fabric/core/blockpeer/blockstore"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/fetch"
	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	"github.com/hyperledger/fabric/core/comm"
	deliverclient "github.com/hyperledger/fabric/core/deliverservice"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/msp/mgmt"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// HasLedger tells whether there is a ledger of the channel below dir that has
// block 0 at least. A first start that was interrupted may leave an empty one.
func HasLedger(dir, channelID string) (bool, error) {
	if _, err := os.Stat(LedgerDir(dir, channelID)); errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	store, err := blockstore.Open(LedgerDir(dir, channelID), channelID)
	if err != nil {
		return false, err
	}
	defer store.Close()
	return store.Height() > 0, nil
}

// FetchGenesis gets a channel's block 0 from the orderers that a later config
// block of the channel names, or from those given. A block 0 is not signed, so
// what vouches for it is the orderer's TLS certificate for now, and the hash
// chain once it reaches the trusted block: pass that to Start as Trusted.
func FetchGenesis(ctx context.Context, trusted *cb.Block, orderers []string) (*cb.Block, error) {
	c, err := channel.FromConfigBlock(trusted)
	if err != nil {
		return nil, err
	}
	shareTrust(c)
	if len(orderers) == 0 {
		orderers = c.OrdererAddresses()
	}
	var genesis *cb.Block
	request := Request(c.ID(), orderers)
	request.Verify = func(b *cb.Block) error {
		if id, err := utils.GetChainIDFromBlock(b); err != nil || id != c.ID() || !protoext.IsConfigBlock(b) {
			return fmt.Errorf("it is not a configuration of channel %s", c.ID())
		}
		return nil
	}
	_, err = fetch.Run(ctx, request, func(b *cb.Block) error {
		genesis = b
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("fetching block 0 of channel %s: %w", c.ID(), err)
	}
	return genesis, nil
}

// Request is a request for block 0, to be changed by callers who want others,
// that dials and signs as the delivery client does.
func Request(channelID string, orderers []string) fetch.Request {
	r := fetch.Request{ChannelID: channelID, Endpoints: orderers, Dial: deliverclient.DefaultConnectionFactory(channelID)}
	certificate := comm.GetCredentialSupport().GetClientCertificate()
	if viper.GetBool("peer.tls.enabled") && len(certificate.Certificate) > 0 {
		hash := sha256.Sum256(certificate.Certificate[0])
		r.TLSCertHash = hash[:]
	}
	return r
}

// TrustOrderers makes a file of PEM certificates the TLS roots by which a
// channel's orderers are known, for a process that has none of its blocks.
func TrustOrderers(channelID, file string) error {
	if file == "" {
		return errors.New("TLS is enabled, but nothing says whom to trust: give a config block of the channel or a file with the orderers' TLS roots")
	}
	roots, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the orderers' TLS roots: %w", err)
	}
	credentials := comm.GetCredentialSupport()
	credentials.Lock()
	defer credentials.Unlock()
	credentials.OrdererRootCAsByChain[channelID] = [][]byte{roots}
	return nil
}

// Verifier judges blocks by the configuration of a config block, and by later
// ones as they pass. The config block itself is known by its hash; another
// block 0, which nobody signs, passes unjudged. Its trust is shared with the
// process's connections.
func Verifier(config *cb.Block) (*channel.Channel, func(*cb.Block) error, error) {
	c, err := channel.FromConfigBlock(config)
	if err != nil {
		return nil, nil, err
	}
	shareTrust(c)
	channels := &channel.Registry{}
	if err := channels.Add(c); err != nil {
		return nil, nil, err
	}
	crypto := mcs.New(channels, localmsp.NewSigner(), mgmt.NewDeserializersManager())
	return c, func(b *cb.Block) error {
		if number := b.GetHeader().GetNumber(); number == config.Header.Number {
			return sameBlock(b, config)
		} else if number == 0 {
			return nil
		}
		if err := crypto.VerifyDecodedBlock(gossipcommon.ChainID(c.ID()), b.GetHeader().GetNumber(), b); err != nil {
			return err
		}
		// A config block that does not follow the known one (the range began
		// later) cannot be applied: what comes is judged by what is known.
		if protoext.IsConfigBlock(b) && c.Validate(b) == nil {
			return c.Apply(b)
		}
		return nil
	}, nil
}

// sameBlock holds a block, whose data fits its header, against a trusted one.
func sameBlock(b, trusted *cb.Block) error {
	have, want := protoext.BlockHeaderHash(b.Header), protoext.BlockHeaderHash(trusted.Header)
	if !bytes.Equal(have, want) {
		return fmt.Errorf("it has hash %x where the trusted config block has %x", have, want)
	}
	return nil
}
