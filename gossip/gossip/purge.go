// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"
	"sync"
	"time"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
)

// purges is the identities that have left and whose peers membership has still
// to forget. The identity mapper reports them at any time, on any goroutine,
// even before the node is complete; membership is told on one goroutine that
// holds no lock.
type purges struct {
	mutex sync.Mutex
	// Guarded by mutex:
	part   func(common.PKIidType) // nil until the node is complete
	early  []common.PKIidType     // reported until then
	forget map[string]bool        // PKI-IDs

	wake chan struct{} // holds one when forget may have become non-empty
}

func newPurges() *purges {
	return &purges{forget: map[string]bool{}, wake: make(chan struct{}, 1)}
}

// report takes in an identity that has left. When it returns, the node, once it
// is complete, has parted from the peer.
func (p *purges) report(pkiID common.PKIidType) {
	if part := p.enter(pkiID); part != nil {
		part(pkiID)
	}
}

func (p *purges) enter(pkiID common.PKIidType) func(common.PKIidType) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.part == nil {
		p.early = append(p.early, pkiID)
	}
	return p.part
}

// begin says that the node is complete, and what parting from a peer is.
func (p *purges) begin(part func(common.PKIidType)) {
	p.mutex.Lock()
	p.part = part
	early := p.early
	p.early = nil
	p.mutex.Unlock()
	for _, pkiID := range early {
		part(pkiID)
	}
}

// forgetSoon has membership forget a peer.
func (p *purges) forgetSoon(pkiID common.PKIidType) {
	p.mutex.Lock()
	p.forget[string(pkiID)] = true
	p.mutex.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run has peers forgotten until done is closed.
func (p *purges) run(done <-chan struct{}, forget func(common.PKIidType)) {
	for {
		select {
		case <-done:
			return
		case <-p.wake:
		}
		for pkiID := range p.take() {
			forget(common.PKIidType(pkiID))
		}
	}
}

func (p *purges) take() map[string]bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	taken := p.forget
	p.forget = map[string]bool{}
	return taken
}

// identityPurged is told by the identity mapper that an identity has expired, is
// no longer valid or was not used. Only in the last case the peer may still be
// there: it stays a member as long as it is heard of.
func (g *gossipServiceImpl) identityPurged(pkiID common.PKIidType, identity api.PeerIdentityType) {
	g.purges.report(pkiID)
	if !g.isValid(identity) {
		g.purges.forgetSoon(pkiID)
	}
}

func (g *gossipServiceImpl) isValid(identity api.PeerIdentityType) bool {
	expires, err := g.mcs.Expiration(identity)
	if err != nil || !expires.IsZero() && time.Now().After(expires) {
		return false
	}
	return g.mcs.ValidateIdentity(identity) == nil
}

// parted makes the node give up what it has of a peer whose identity has left.
// It only takes locks of the transport and of the identity pull.
func (g *gossipServiceImpl) parted(pkiID common.PKIidType) {
	g.orgs.forget(pkiID)
	g.secrets.forget(pkiID)
	g.rumours.forget(string(pkiID))
	g.relays.forget(string(pkiID))
	g.comm.CloseConn(&comm.RemotePeer{PKIID: pkiID})
	g.certPuller.Remove(string(pkiID))
}

// identitySwitched is told by the transport that another peer than expected
// answers at an endpoint: the expected one has renewed its certificate.
func (g *gossipServiceImpl) identitySwitched(requested, _ common.PKIidType) {
	g.purges.forgetSoon(requested)
}

// forget makes membership forget a peer.
func (g *gossipServiceImpl) forget(pkiID common.PKIidType) {
	if bytes.Equal(pkiID, g.comm.GetPKIid()) {
		return
	}
	if members, ok := g.disc.(interface{ Forget(common.PKIidType) }); ok {
		members.Forget(pkiID)
	}
}
