// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/membership"
)

// contact is an endpoint to find a peer at.
type contact struct {
	member NetworkMember
	who    identifier
}

// Connect see Discovery.
func (d *gossipDiscoveryImpl) Connect(member NetworkMember, id identifier) {
	if d.isOwn(member.Endpoint) || d.isOwn(member.InternalEndpoint) {
		d.logger.Debugf("Not connecting to %s: that is this peer itself", member.PreferredEndpoint())
		return
	}
	endpoint := member.PreferredEndpoint()
	if endpoint == "" || id == nil {
		d.logger.Warningf("Cannot connect to a peer (%s) without an endpoint, or without a way to identify it", member.String())
		return
	}
	if d.isStopped() {
		return
	}
	d.step(func(now time.Time) {
		d.contacts[endpoint] = contact{member: member, who: id}
		d.core.Connect(endpoint, now)
	})
}

// isOwn tells whether an endpoint is one of this peer's.
func (d *gossipDiscoveryImpl) isOwn(endpoint string) bool {
	d.lock.RLock()
	defer d.lock.RUnlock()
	return endpoint != "" && (d.ownNames[endpoint] || endpoint == d.self.Endpoint)
}

func (d *gossipDiscoveryImpl) contactAt(endpoint string) contact {
	d.lock.RLock()
	defer d.lock.RUnlock()
	return d.contacts[endpoint]
}

// identify finds out who is behind an endpoint and lets the core know.
func (d *gossipDiscoveryImpl) identify(endpoint string) {
	peer, err := d.contactAt(endpoint).who()
	switch {
	case d.isStopped():
		return
	case err == nil && peer == nil:
		err = errors.New("nobody")
	case err == nil && len(peer.ID) > 0 && !peer.ID.IsNotSameFilter(d.selfID):
		err = errors.New("a peer with the identity of this one")
	}
	if err == nil {
		d.step(func(now time.Time) { d.core.Identified(endpoint, string(peer.ID), peer.SelfOrg, now) })
		return
	}
	attempts := 0
	d.step(func(now time.Time) { attempts = d.core.Unidentified(endpoint, now, getMaxConnAttempts()) })
	d.warnOfFailure(endpoint, attempts, err)
}

// warnOfFailure logs the first failure, and ever fewer of those that follow.
func (d *gossipDiscoveryImpl) warnOfFailure(endpoint string, attempts int, err error) {
	if attempts&(attempts-1) == 0 && d.quiet.allow("connect "+endpoint) {
		d.logger.Warningf("Could not identify the peer at %s, attempt %d, will go on trying: %v", endpoint, attempts, err)
	}
}

// introduce sends a membership request to whom was identified behind an
// endpoint. The secret is for this peer's organization only.
func (d *gossipDiscoveryImpl) introduce(r membership.Request) {
	message, err := d.createMembershipRequest(r.SelfOrg)
	if err != nil {
		if d.quiet.allow("request") {
			d.logger.Warningf("Could not introduce this peer to the one at %s: %v", r.Endpoint, err)
		}
		return // which is as if there were no answer
	}
	message.Nonce = r.Nonce
	to := d.contactAt(r.Endpoint).member
	address := &NetworkMember{Endpoint: to.Endpoint, InternalEndpoint: to.InternalEndpoint}
	if r.ID != "" {
		address.PKIid = common.PKIidType(r.ID)
	}
	d.send(address, message)
}
