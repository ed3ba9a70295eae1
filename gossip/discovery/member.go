// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"fmt"

	"github.com/hyperledger/fabric/gossip/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// NetworkMember is a peer as membership knows it.
type NetworkMember struct {
	Endpoint         string // how other organizations reach it; "" if they may not
	Metadata         []byte
	PKIid            common.PKIidType
	InternalEndpoint string // how its own organization reaches it
	Properties       *proto.Properties
	*proto.Envelope
}

// String describes the member for logs: where it can be reached and what it is
// called. Its metadata is reduced to a size.
func (n *NetworkMember) String() string {
	return fmt.Sprintf("peer %x at [%s], inside its organization at [%s], with %d bytes of metadata", []byte(n.PKIid), n.Endpoint, n.InternalEndpoint, len(n.Metadata))
}

// PreferredEndpoint is where to dial the member: the internal endpoint where
// it is known.
func (n NetworkMember) PreferredEndpoint() string {
	if n.InternalEndpoint != "" {
		return n.InternalEndpoint
	}
	return n.Endpoint
}

// Members is a list of members.
type Members []NetworkMember

// ByID indexes the members by PKI-ID.
func (m Members) ByID() map[string]NetworkMember {
	index := make(map[string]NetworkMember, len(m))
	for i := range m {
		index[string(m[i].PKIid)] = m[i]
	}
	return index
}

// Intersect returns those members that other holds as well, by PKI-ID.
func (m Members) Intersect(other Members) Members {
	held := other.ByID()
	return m.Filter(func(member NetworkMember) bool {
		_, ok := held[string(member.PKIid)]
		return ok
	})
}

// Filter returns the members that keep accepts.
func (m Members) Filter(keep func(member NetworkMember) bool) Members {
	var kept Members
	for i := range m {
		if keep(m[i]) {
			kept = append(kept, m[i])
		}
	}
	return kept
}

// Map returns the members as change makes them.
func (m Members) Map(change func(member NetworkMember) NetworkMember) Members {
	var changed Members
	for i := range m {
		changed = append(changed, change(m[i]))
	}
	return changed
}

// HasExternalEndpoint tells whether other organizations can reach the member.
func HasExternalEndpoint(member NetworkMember) bool {
	return member.Endpoint != ""
}
