// SPDX-License-Identifier: Apache-2.0

package mcs

import (
	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/msp"
	"github.com/hyperledger/fabric/msp/mgmt"
)

// advisor implements api.SecurityAdvisor.
type advisor struct {
	deserializers mgmt.DeserializersManager
}

// NewSecurityAdvisor returns an advisor that tells the organization of a peer
// by the MSP that its identity belongs to: the local one or one of a channel.
// It is asked about nearly every message and validates nothing; for identities
// that no MSP knows it answers nil.
func NewSecurityAdvisor(deserializers mgmt.DeserializersManager) api.SecurityAdvisor {
	return &advisor{deserializers: deserializers}
}

// OrgByPeerIdentity implements api.SecurityAdvisor.
func (a *advisor) OrgByPeerIdentity(peerIdentity api.PeerIdentityType) api.OrgIdentityType {
	if len(peerIdentity) == 0 || a.deserializers == nil {
		return nil
	}
	if org := orgUnder(a.deserializers.GetLocalDeserializer(), peerIdentity); org != nil {
		return org
	}
	for _, deserializer := range a.deserializers.GetChannelDeserializers() {
		if org := orgUnder(deserializer, peerIdentity); org != nil {
			return org
		}
	}
	return nil
}

// orgUnder returns the MSP identifier of an identity that deserializer knows.
func orgUnder(deserializer msp.IdentityDeserializer, raw []byte) api.OrgIdentityType {
	if deserializer == nil {
		return nil
	}
	identity, err := deserializer.DeserializeIdentity(raw)
	if err != nil || identity == nil {
		return nil
	}
	return api.OrgIdentityType(identity.GetMSPIdentifier())
}
