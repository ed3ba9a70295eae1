// SPDX-License-Identifier: Apache-2.0

package mcs

import (
	"crypto/sha256"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/msp"
	"github.com/hyperledger/fabric/msp/mgmt"
	cb "github.com/hyperledger/fabric/protos/common"
)

var logger = flogging.MustGetLogger("peer.gossip.mcs")

var _ api.MessageCryptoService = (*MCS)(nil)

// MCS implements api.MessageCryptoService.
type MCS struct {
	policyManagers policies.ChannelPolicyManagerGetter
	signer         crypto.LocalSigner
	resolver       resolver
}

// New returns a service that finds the policies of channels through
// policyManagers, signs with signer, and resolves identities through
// deserializers. Any of them may be nil if what needs it is never called;
// calling it all the same is an error, not a panic.
func New(policyManagers policies.ChannelPolicyManagerGetter, signer crypto.LocalSigner, deserializers mgmt.DeserializersManager) *MCS {
	return &MCS{
		policyManagers: policyManagers,
		signer:         signer,
		resolver:       resolver{deserializers: deserializers},
	}
}

// ValidateIdentity returns nil if the identity is valid in the local MSP, when
// it belongs to it, or in that of some channel. Expiry is not considered.
func (m *MCS) ValidateIdentity(peerIdentity api.PeerIdentityType) error {
	_, err := m.resolver.first(peerIdentity)
	return err
}

// Expiration tells when a valid identity expires: the zero time for never.
func (m *MCS) Expiration(peerIdentity api.PeerIdentityType) (time.Time, error) {
	identity, err := m.resolver.first(peerIdentity)
	if err != nil {
		return time.Time{}, errors.WithMessage(err, "Unable to extract msp.Identity from peer Identity")
	}
	return identity.ExpiresAt(), nil
}

// GetPKIidOfCert returns the short name of an identity: the SHA-256 hash of its
// MSP identifier followed by its certificate, as they were received. It
// validates nothing, and returns nil for bytes that are no identity.
func (m *MCS) GetPKIidOfCert(peerIdentity api.PeerIdentityType) common.PKIidType {
	if len(peerIdentity) == 0 || m.resolver.deserializers == nil {
		return nil
	}
	sid, err := m.resolver.deserializers.Deserialize(peerIdentity)
	if err != nil || sid == nil {
		logger.Warningf("Cannot tell the PKI-ID of an identity of %d bytes: %v", len(peerIdentity), err)
		return nil
	}
	hash := sha256.New()
	hash.Write([]byte(sid.Mspid))
	hash.Write(sid.IdBytes)
	return hash.Sum(nil)
}

// Sign signs msg with the identity of this peer.
func (m *MCS) Sign(msg []byte) ([]byte, error) {
	if m.signer == nil {
		return nil, errors.New("this process has no identity to sign with")
	}
	return m.signer.Sign(msg)
}

// Verify returns nil if the signature is peerIdentity's over message and the
// identity is valid: in the local MSP if it belongs to it; otherwise in some
// channel whose application readers policy the signature satisfies. All
// channels that know the identity are tried, because its organization may be a
// reader in one and not in another.
func (m *MCS) Verify(peerIdentity api.PeerIdentityType, signature, message []byte) error {
	var refusals []error
	accepted := false
	err := m.resolver.each(peerIdentity, func(channel string, identity msp.Identity) bool {
		var refusal error
		if channel == "" {
			refusal = identity.Verify(message, signature)
		} else {
			refusal = m.VerifyByChannel(common.ChainID(channel), peerIdentity, signature, message)
		}
		if refusal != nil {
			refusals = append(refusals, refusal)
		}
		accepted = refusal == nil
		return accepted
	})
	switch {
	case accepted:
		return nil
	case err != nil:
		return err
	case len(refusals) == 1:
		return refusals[0]
	default:
		return errors.WithMessagef(refusals[0], "refused in all %d channels that know the identity, first", len(refusals))
	}
}

// VerifyByChannel returns nil if the signature over message satisfies the
// application readers policy of a channel. Only that policy decides: the
// identity need not be known outside the channel.
func (m *MCS) VerifyByChannel(chainID common.ChainID, peerIdentity api.PeerIdentityType, signature, message []byte) error {
	if len(peerIdentity) == 0 {
		return errors.New("the identity is empty")
	}
	policy, err := m.policy(chainID, policies.ChannelApplicationReaders)
	if err != nil {
		return err
	}
	err = policy.Evaluate([]*cb.SignedData{{
		Data:      message,
		Identity:  peerIdentity,
		Signature: signature,
	}})
	if err != nil {
		return errors.WithMessagef(err, "signature by %s does not satisfy policy %s of channel [%s]",
			describeIdentity(peerIdentity), policies.ChannelApplicationReaders, printable(chainID))
	}
	return nil
}

// policy finds the current policy of a channel. A policy that does not exist
// comes back as one that rejects everything.
func (m *MCS) policy(chainID common.ChainID, path string) (policies.Policy, error) {
	var manager policies.Manager
	if m.policyManagers != nil {
		// Whether there is a manager is told by the value: stand-ins exist that
		// answer (nil, true).
		manager, _ = m.policyManagers.Manager(string(chainID))
	}
	if manager == nil {
		return nil, errors.Errorf("Could not acquire policy manager for channel [%s]", printable(chainID))
	}
	policy, _ := manager.GetPolicy(path)
	if policy == nil {
		return nil, errors.Errorf("channel [%s] has no policy %s", printable(chainID), path)
	}
	return policy, nil
}
