// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"math"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/localmsp"
	"github.com/hyperledger/fabric/common/util"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/hyperledger/fabric/core/deliverservice/blocksprovider"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/hyperledger/fabric/protos/utils"
	"github.com/pkg/errors"
)

// blocksRequester asks an orderer for a channel's blocks, from the first one
// that is missing on and without end.
type blocksRequester struct {
	tls     bool // bind the request to the TLS client certificate
	chainID string
	client  blocksprovider.BlocksDeliverer
	signer  crypto.LocalSigner // nil: the peer's own
}

// certificateHolder is a deliverer that knows which TLS certificate its
// connection was made with. After a change of the certificate, that may be
// another one than the next connection will use.
type certificateHolder interface {
	clientCertificate() (der []byte, known bool)
}

// RequestBlocks sends the seek for what the ledger lacks at this moment: the
// block whose number is the ledger's height, or for an empty ledger the oldest
// block there is.
func (b *blocksRequester) RequestBlocks(ledgerInfoProvider blocksprovider.LedgerInfo) error {
	height, err := ledgerInfoProvider.LedgerHeight()
	if err != nil {
		return errors.Wrapf(err, "cannot tell which block of channel %s is missing first", b.chainID)
	}
	logger.Debugf("[%s] The ledger's height is [%d]", b.chainID, height)
	if height == 0 {
		return b.seekOldest()
	}
	return b.seekLatestFromCommitter(height)
}

func (b *blocksRequester) seekOldest() error {
	logger.Debugf("[%s] Asking for all blocks, the oldest first", b.chainID)
	return b.seek(&ab.SeekPosition{Type: &ab.SeekPosition_Oldest{Oldest: &ab.SeekOldest{}}})
}

func (b *blocksRequester) seekLatestFromCommitter(height uint64) error {
	logger.Debugf("[%s] Asking for blocks from [%d] on", b.chainID, height)
	return b.seek(position(height))
}

func position(number uint64) *ab.SeekPosition {
	return &ab.SeekPosition{Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: number}}}
}

// seek sends a signed request for all blocks from start on, existing and to come.
func (b *blocksRequester) seek(start *ab.SeekPosition) error {
	request := &ab.SeekInfo{
		Start:    start,
		Stop:     position(math.MaxUint64),
		Behavior: ab.SeekInfo_BLOCK_UNTIL_READY,
	}
	signer := b.signer
	if signer == nil {
		signer = localmsp.NewSigner()
	}
	const msgVersion, epoch = 0, 0
	envelope, err := utils.CreateSignedEnvelopeWithTLSBinding(cb.HeaderType_DELIVER_SEEK_INFO, b.chainID,
		signer, request, msgVersion, epoch, b.tlsCertHash())
	if err != nil {
		return errors.Wrapf(err, "cannot sign the request for blocks of channel %s", b.chainID)
	}
	return errors.Wrapf(b.client.Send(envelope), "cannot send the request for blocks of channel %s", b.chainID)
}

// tlsCertHash is what binds a request to the TLS connection it travels on. It
// is nil without TLS, and without a client certificate: an orderer that insists
// on one refuses the handshake anyway.
func (b *blocksRequester) tlsCertHash() []byte {
	if !b.tls {
		return nil
	}
	var leaf []byte
	known := false
	if holder, ok := b.client.(certificateHolder); ok {
		leaf, known = holder.clientCertificate()
	}
	if chain := comm.GetCredentialSupport().GetClientCertificate().Certificate; !known && len(chain) > 0 {
		leaf = chain[0]
	}
	if len(leaf) == 0 {
		return nil
	}
	return util.ComputeSHA256(leaf)
}
