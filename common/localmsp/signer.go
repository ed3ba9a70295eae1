// SPDX-License-Identifier: Apache-2.0

// Package localmsp signs as this process: with the default signing identity of the local MSP, looked up anew at each
// call. A signer may therefore be made before the local MSP is loaded, and follows it when it is loaded again.
package localmsp

import (
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/msp/mgmt"
	"github.com/hyperledger/fabric/protos/common"
	"github.com/pkg/errors"
)

// localSigner has no state on purpose, see the package comment.
type localSigner struct{}

// NewSigner returns the local signer. Its methods fail as long as the local MSP has no signing identity.
func NewSigner() crypto.LocalSigner {
	return localSigner{}
}

func (localSigner) NewSignatureHeader() (*common.SignatureHeader, error) {
	self, err := mgmt.GetLocalMSP().GetDefaultSigningIdentity()
	if err != nil {
		return nil, errors.WithMessage(err, "no identity to sign with")
	}
	return crypto.NewSignatureHeaderCreator(self).NewSignatureHeader()
}

func (localSigner) Sign(message []byte) ([]byte, error) {
	self, err := mgmt.GetLocalMSP().GetDefaultSigningIdentity()
	if err != nil {
		return nil, errors.WithMessage(err, "no identity to sign with")
	}
	return self.Sign(message)
}
