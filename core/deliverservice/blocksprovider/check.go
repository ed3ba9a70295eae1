// SPDX-License-Identifier: Apache-2.0

package blocksprovider

import (
	"github.com/hyperledger/fabric/gossip/api"
	gossipcommon "github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/pkg/errors"
)

// maxNumber is the largest block number that every release can hash: v1.3.0
// encodes it as a signed 64-bit integer and panics beyond that.
const maxNumber = 1<<63 - 1

// checkShape refuses what cannot be treated as a block at all. Data and metadata
// are not asked for: whether a channel's blocks need them is for its
// MessageCryptoService to say.
func checkShape(block *cb.Block) error {
	switch {
	case block == nil:
		return errors.New("announced block is missing")
	case block.Header == nil:
		return errors.New("block has no header")
	case block.Header.Number > maxNumber:
		return errors.Errorf("block number %d is out of range", block.Header.Number)
	}
	return nil
}

// checkBlock decides whether a block of good shape, which arrived as the bytes
// raw, may enter the chain of channel. The boundaries of its transactions come
// first, because the data hash that is signed does not cover them; number,
// channel, data hash and signatures are for mcs. It may block for as long as
// mcs does.
func checkBlock(mcs api.MessageCryptoService, channel string, block *cb.Block, raw []byte) error {
	if mcs == nil {
		return errors.New("there is no crypto service to verify it with")
	}
	if err := protoext.CheckTransactionBoundaries(block); err != nil {
		return err
	}
	return mcs.VerifyBlock(gossipcommon.ChainID(channel), block.Header.Number, raw)
}
