// SPDX-License-Identifier: Apache-2.0

package api

import (
	"time"

	"github.com/hyperledger/fabric/gossip/common"
	"google.golang.org/grpc"
)

// MessageCryptoService is the cryptography of a peer. Implementations are used
// from many goroutines at once and must not call back into gossip.
type MessageCryptoService interface {
	// GetPKIidOfCert computes the PKI-ID of an identity without validating it;
	// nil when there is none to compute.
	GetPKIidOfCert(peerIdentity PeerIdentityType) common.PKIidType

	// VerifyBlock returns nil if signedBlock is a marshaled block with number
	// seqNum of channel chainID whose signatures satisfy the channel's block
	// validation policy, and the first thing found wrong otherwise.
	VerifyBlock(chainID common.ChainID, seqNum uint64, signedBlock []byte) error

	// Sign signs with the local peer's identity.
	Sign(msg []byte) ([]byte, error)

	// Verify checks peerIdentity's signature over message, in whichever channel
	// the identity is known.
	Verify(peerIdentity PeerIdentityType, signature, message []byte) error

	// VerifyByChannel checks peerIdentity's signature over message under the
	// readers policy of one channel.
	VerifyByChannel(chainID common.ChainID, peerIdentity PeerIdentityType, signature, message []byte) error

	// ValidateIdentity returns nil if the identity is valid now. Expiry is not
	// part of validity.
	ValidateIdentity(peerIdentity PeerIdentityType) error

	// Expiration tells when the identity expires: the zero time for never, an
	// error when that cannot be told.
	Expiration(peerIdentity PeerIdentityType) (time.Time, error)
}

// PeerIdentityType is a serialized identity: a certificate and its MSP.
type PeerIdentityType []byte

// PeerIdentityInfo is an identity with what is derived from it.
type PeerIdentityInfo struct {
	PKIId        common.PKIidType
	Identity     PeerIdentityType
	Organization OrgIdentityType
}

// PeerIdentitySet is a list of identities.
type PeerIdentitySet []PeerIdentityInfo

// ByOrg groups the identities by organization.
func (s PeerIdentitySet) ByOrg() map[string]PeerIdentitySet {
	groups := make(map[string]PeerIdentitySet)
	for i := range s {
		org := string(s[i].Organization)
		groups[org] = append(groups[org], s[i])
	}
	return groups
}

// ByID indexes the identities by PKI-ID.
func (s PeerIdentitySet) ByID() map[string]PeerIdentityInfo {
	index := make(map[string]PeerIdentityInfo, len(s))
	for i := range s {
		index[string(s[i].PKIId)] = s[i]
	}
	return index
}

// PeerSuspector tells whether an identity may have been revoked and should be
// validated again.
type PeerSuspector func(identity PeerIdentityType) bool

// PeerSecureDialOpts makes the options for dialling a peer; it is called for
// each dial, so that trust roots may change meanwhile.
type PeerSecureDialOpts func() []grpc.DialOption

// PeerSignature is a peer's signature over a message.
type PeerSignature struct {
	Signature    []byte
	Message      []byte
	PeerIdentity PeerIdentityType
}
