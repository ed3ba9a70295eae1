// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"time"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// ackKey says which acknowledgement is waited for.
type ackKey struct {
	nonce uint64
	peer  string
}

// SendWithAck sends a message to each peer and waits for their
// acknowledgements: until minAck are positive, all peers have answered, or time
// is up. Other than gossip/comm's, the result has positive answers only: an
// error cannot be put into it from outside that package.
func (n *node) SendWithAck(m *proto.SignedGossipMessage, timeout time.Duration, minAck int, peers ...*comm.RemotePeer) comm.AggregatedSendResult {
	if len(peers) == 0 {
		return nil
	}
	m.Nonce = util.RandomUInt64()
	signed, err := protoext.NoopSign(m.GossipMessage)
	if err != nil {
		return nil
	}
	raw, err := encode(signed.Envelope)
	if err != nil {
		return nil
	}
	answers := make(chan *comm.RemotePeer, len(peers))
	expired := make(chan struct{})
	timer := time.AfterFunc(timeout, func() { close(expired) })
	defer timer.Stop()
	asked := n.ask(raw, m.Nonce, peers, answers, expired)
	var result comm.AggregatedSendResult
	for ; asked > 0 && (minAck <= 0 || len(result) < minAck); asked-- {
		if who := <-answers; who != nil {
			result = append(result, comm.SendResult{RemotePeer: *who})
		}
	}
	return result
}

// ask starts to ask each peer and returns how many. Each sends itself on the
// channel if it agrees, else nil.
func (n *node) ask(raw []byte, nonce uint64, peers []*comm.RemotePeer, answers chan<- *comm.RemotePeer, expired <-chan struct{}) int {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	if n.stopped {
		return 0
	}
	for _, peer := range peers {
		peer := *peer
		n.tasks.Add(1)
		go func() {
			defer n.tasks.Done()
			if n.agrees(raw, nonce, &peer, expired) {
				answers <- &peer
			} else {
				answers <- nil
			}
		}()
	}
	return len(peers)
}

func (n *node) agrees(raw []byte, nonce uint64, peer *comm.RemotePeer, expired <-chan struct{}) bool {
	e := n.connected(peer)
	if e == nil {
		return false
	}
	key := ackKey{nonce, string(e.remote.PKIID)}
	answer := make(chan string, 1)
	n.expect(key, answer)
	defer n.expect(key, nil)
	if fate := e.sendWaiting(raw); fate == Closed {
		return false
	}
	select {
	case text := <-answer:
		return text == ""
	case <-expired:
	case <-n.done:
	}
	return false
}

// expect has an acknowledgement sent on the channel; nil ends that.
func (n *node) expect(key ackKey, answer chan string) {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	if answer == nil {
		delete(n.acks, key)
	} else {
		n.acks[key] = answer
	}
}

func (n *node) acknowledged(nonce uint64, by common.PKIidType, text string) {
	n.net.mu.Lock()
	defer n.net.mu.Unlock()
	if answer := n.acks[ackKey{nonce, string(by)}]; answer != nil {
		select {
		case answer <- text:
		default:
		}
	}
}

// connected returns the end of a connection with the peer, dialing it if need
// be; nil if that fails.
func (n *node) connected(peer *comm.RemotePeer) *end {
	n.net.mu.Lock()
	if e := n.ends[string(peer.PKIID)]; e != nil || n.stopped {
		n.net.mu.Unlock()
		return e
	}
	d := n.dialing(peer)
	n.net.mu.Unlock()
	<-d.done
	if d.err != nil {
		return nil
	}
	return d.end
}
