// SPDX-License-Identifier: Apache-2.0

package genesis

import (
	"fmt"
	"slices"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/crypto"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// SignUpdate collects signatures under an update, one per signer, and wraps
// the result as a CONFIG_UPDATE envelope signed by the one who submits it. The
// submitter's signature counts for the right to submit only, not for the
// update: to vouch for it, list that signer among the signers too.
func SignUpdate(u *cb.ConfigUpdate, envelopeSigner crypto.LocalSigner, signers ...crypto.LocalSigner) (*cb.Envelope, error) {
	if u == nil {
		return nil, fmt.Errorf("config update is nil")
	}
	if envelopeSigner == nil {
		return nil, fmt.Errorf("no signer for the envelope of a config update")
	}
	raw, err := proto.Marshal(u)
	if err != nil {
		return nil, fmt.Errorf("marshaling a config update: %w", err)
	}
	update := &cb.ConfigUpdateEnvelope{ConfigUpdate: raw}
	for i, signer := range signers {
		signature, err := endorse(raw, signer)
		if err != nil {
			return nil, fmt.Errorf("signature %d of %d under the config update: %w", i+1, len(signers), err)
		}
		update.Signatures = append(update.Signatures, signature)
	}
	envelope, err := utils.CreateSignedEnvelope(cb.HeaderType_CONFIG_UPDATE, u.ChannelId, envelopeSigner, update, 0, 0)
	if err != nil {
		return nil, fmt.Errorf("signing the envelope of a config update: %w", err)
	}
	return envelope, nil
}

// endorse signs the header that names the signer, followed by the update.
func endorse(update []byte, signer crypto.LocalSigner) (*cb.ConfigSignature, error) {
	if signer == nil {
		return nil, fmt.Errorf("signer is nil")
	}
	header, err := signer.NewSignatureHeader()
	if err != nil {
		return nil, err
	}
	raw, err := proto.Marshal(header)
	if err != nil {
		return nil, err
	}
	signature, err := signer.Sign(slices.Concat(raw, update))
	if err != nil {
		return nil, err
	}
	return &cb.ConfigSignature{SignatureHeader: raw, Signature: signature}, nil
}
