// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"bytes"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
)

const (
	// roundTrips is how often something goes back and forth before messages
	// can: the transport, its encryption, a ping, the handshake.
	roundTrips = 4
	// pingTrips is the same without handshake.
	pingTrips = 3
	// resendAfter is how long it takes to notice that one of these was lost.
	// It doubles each time, as TCP's does.
	resendAfter = 200 * time.Millisecond
)

// dial is an attempt to connect with a peer, and what waits for it. It is
// guarded by the network's lock, but for done and err.
type dial struct {
	node    *node
	peer    comm.RemotePeer
	waiting [][]byte
	done    chan struct{} // closed when it is over
	err     error         // to be read after done
	end     *end          // likewise
}

// dialKey names what can share a dial.
func dialKey(peer *comm.RemotePeer) string {
	if len(peer.PKIID) > 0 {
		return string(peer.PKIID)
	}
	return "endpoint " + peer.Endpoint
}

// dialing returns the dial for a peer, which starts if there is none yet. The
// network's lock is held, the node has not stopped.
func (n *node) dialing(peer *comm.RemotePeer) *dial {
	key := dialKey(peer)
	d := n.dials[key]
	if d == nil {
		d = &dial{node: n, peer: *peer, done: make(chan struct{})}
		n.dials[key] = d
		n.tasks.Add(1)
		go d.run(key)
	}
	return d
}

// queue has a message sent when the dial has succeeded.
func (d *dial) queue(raw []byte) Fate {
	if len(d.waiting) >= d.node.buffer {
		return Overflow
	}
	d.waiting = append(d.waiting, raw)
	return ""
}

func (d *dial) run(key string) {
	n := d.node
	defer n.tasks.Done()
	listener, err := n.meet(&d.peer)
	requested, switched := d.peer.PKIID, (func(_, _ common.PKIidType))(nil)
	n.net.mu.Lock()
	if err == nil {
		err = d.connect(listener)
	}
	delete(n.dials, key)
	waiting := d.waiting
	d.err, d.waiting = err, nil
	fates := make([]Fate, len(waiting))
	for i, raw := range waiting {
		if fates[i] = Undialed; err == nil {
			fates[i] = d.end.send(raw, false)
		}
	}
	if err == nil && len(requested) > 0 && !bytes.Equal(requested, listener.pkiID) {
		switched = n.switched
	}
	close(d.done)
	n.net.mu.Unlock()
	for i, fate := range fates {
		if fate != "" {
			n.net.tell(n.event(&d.peer, waiting[i], fate))
		}
	}
	if err != nil {
		n.refused(&d.peer, err)
	}
	if switched != nil {
		switched(requested, listener.pkiID)
	}
}

// connect makes a connection with the listener, or takes the one that there is
// by now. The network's lock is held.
func (d *dial) connect(listener *node) error {
	n := d.node
	if n.stopped || !n.net.listens(listener) || !n.net.reachable(n, listener) {
		return errors.Errorf("nobody there at %s", d.peer.Endpoint)
	}
	if d.end = n.ends[string(listener.pkiID)]; d.end != nil {
		return nil
	}
	mine, theirs := connect(n, listener)
	n.register(mine)
	listener.register(theirs)
	d.end = mine
	return nil
}

// listens tells whether a node still does. The network's lock is held.
func (n *Network) listens(listener *node) bool { return n.nodes[listener.endpoint] == listener }

// refused reports a dial that failed.
func (n *node) refused(peer *comm.RemotePeer, err error) {
	select {
	case <-n.done:
		return
	default:
	}
	n.logger.Debugf("Cannot connect to %s: %v", peer.Endpoint, err)
	n.hook.Observe(observe.Event{Kind: observe.Refused, Reason: "dial", Peer: peer.PKIID, Endpoint: peer.Endpoint, Err: err})
	if len(peer.PKIID) == 0 {
		return
	}
	select {
	case n.dead <- peer.PKIID:
	case <-n.done:
	}
}

// meet does what comes before two nodes are connected: it finds who listens at
// the peer's endpoint, has both take in the other's identity, and checks that
// it is whom it is expected to be.
func (n *node) meet(peer *comm.RemotePeer) (*node, error) {
	listener, err := n.reach(peer.Endpoint, roundTrips)
	if err != nil {
		return nil, err
	}
	if err := n.admit(listener); err != nil {
		return nil, errors.WithMessage(err, peer.Endpoint+" is not accepted")
	}
	if err := listener.admit(n); err != nil {
		return nil, errors.WithMessage(err, "not accepted by "+peer.Endpoint)
	}
	if len(peer.PKIID) > 0 && !bytes.Equal(peer.PKIID, listener.pkiID) && !n.sameOrg(peer.PKIID, listener.pkiID) {
		return nil, errors.New("authentication failure")
	}
	return listener, nil
}

// admit takes in the identity of another node and checks its signature.
func (n *node) admit(other *node) error {
	conn := other.hello.GetConn()
	if err := n.mapper.Put(conn.PkiId, conn.Identity); err != nil {
		return err
	}
	return other.hello.Verify(n.mapper.GetPKIidOfCert(conn.Identity), func(pkiID, signature, payload []byte) error {
		return n.mapper.Verify(pkiID, signature, payload)
	})
}

func (n *node) sameOrg(expected, actual common.PKIidType) bool {
	orgs := map[string]string{}
	for _, known := range n.mapper.IdentityInfo() {
		orgs[string(known.PKIId)] = string(known.Organization)
	}
	org, known := orgs[string(expected)]
	return known && org == orgs[string(actual)]
}

// reach waits as long as the round trips to an endpoint take and returns who
// listens there. If nobody does, or the trips take too long, it fails after
// the dial timeout; it fails at once when the node stops.
func (n *node) reach(endpoint string, trips int) (*node, error) {
	n.net.mu.Lock()
	total := n.net.tripTime(n.endpoint, endpoint, trips)
	stopped := n.stopped
	n.net.mu.Unlock()
	if stopped {
		return nil, errors.New("Stopping")
	}
	if total < n.dialTimeout {
		if !n.pause(total) {
			return nil, errors.New("Stopping")
		}
		if listener := n.net.listener(n, endpoint); listener != nil {
			return listener, nil
		}
	} else {
		total = 0
	}
	if !n.pause(n.dialTimeout - total) {
		return nil, errors.New("Stopping")
	}
	return nil, errors.Errorf("no answer from %s for %v", endpoint, n.dialTimeout)
}

// listener is who listens at an endpoint and can be reached from the node; not
// the node itself, a connection has two different ends.
func (n *Network) listener(from *node, endpoint string) *node {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.nodes[n.resolve(endpoint)]; l != nil && l != from && n.reachable(from, l) {
		return l
	}
	return nil
}

// tripTime is how long round trips take, resending what the links lose.
func (n *Network) tripTime(from, to string, trips int) time.Duration {
	to = n.resolve(to)
	there, back := n.link(from, to), n.link(to, from)
	total := time.Duration(0)
	for ; trips > 0; trips-- {
		for wait := resendAfter; (there.loses() || back.loses()) && wait < time.Minute; wait *= 2 {
			total += wait
		}
		total += there.delay() + back.delay()
	}
	return total
}

// pause waits; it returns false if the node stops before.
func (n *node) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-n.done:
		return false
	}
}

// Probe finds out whether a node listens at the peer's endpoint.
func (n *node) Probe(peer *comm.RemotePeer) error {
	_, err := n.reach(peer.Endpoint, pingTrips)
	return err
}

// Handshake finds out whose identity it is that a node has, on a connection
// that is not used otherwise.
func (n *node) Handshake(peer *comm.RemotePeer) (api.PeerIdentityType, error) {
	listener, err := n.meet(&comm.RemotePeer{Endpoint: peer.Endpoint})
	if err != nil {
		return nil, err
	}
	if len(peer.PKIID) > 0 && !bytes.Equal(peer.PKIID, listener.pkiID) {
		return nil, errors.New("PKI-ID of remote peer doesn't match expected PKI-ID")
	}
	return listener.identity, nil
}
