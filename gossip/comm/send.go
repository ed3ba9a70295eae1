// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"runtime"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/internal/conntable"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Send implements Comm.
func (c *commImpl) Send(msg *proto.SignedGossipMessage, peers ...*RemotePeer) {
	if msg == nil || msg.Envelope == nil {
		if len(peers) > 0 {
			c.logger.Error("asked to send a message that is in no envelope")
		}
		return
	}
	template := newOutgoing(msg)
	for _, peer := range peers {
		o := *template
		o.endpoint = peer.Endpoint
		target := targetOf(peer)
		err := c.submit(target, &o, (*outbox).offer)
		if err == errFull {
			// In a burst it may only be the writer that has had no turn yet.
			runtime.Gosched()
			err = c.submit(target, &o, (*outbox).offer)
		}
		if err != nil {
			c.discard([]*outgoing{&o}, dropReason(err), err, target)
		}
	}
}

func targetOf(peer *RemotePeer) conntable.Target {
	return conntable.Target{Peer: string(peer.PKIID), Endpoint: peer.Endpoint}
}

// submit puts a message into the outbox of a peer, in the way given. If there is
// no stream to the peer yet it begins to dial. It fails with errStopped, with
// the reason for which the peer could not be dialled, or as the outbox does.
func (c *commImpl) submit(target conntable.Target, o *outgoing, enter func(*outbox, *outgoing) error) error {
	for {
		out, err := c.outboxFor(target)
		if err != nil {
			return err
		}
		// A stream that has just ended leads to another one, or to a dial.
		if err = enter(out, o); err != errEnded {
			return err
		}
	}
}

func (c *commImpl) outboxFor(target conntable.Target) (*outbox, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	link, dial, begun := c.table.Ask(target)
	switch {
	case link != nil:
		return link.Owner.(*connection).out, nil
	case dial == nil:
		return nil, errStopped
	case begun:
		dial.Owner = &dialling{out: newOutbox(sendBuffSize())}
		c.tasks.Add(1) // the table is open, so Stop does not wait yet
		go c.carryOut(dial)
	}
	return dial.Owner.(*dialling).out, nil
}

// rescue takes care of messages that were left over when a connection ended. Each
// is tried once more, on another stream or on a new one, unless the connection
// was closed on purpose.
func (c *commImpl) rescue(from *connection, left []*outgoing) {
	target := conntable.Target{Peer: from.link.Peer}
	for _, o := range left {
		err := errEnded
		if !o.retried && !from.closedOnPurpose() {
			o.retried = true
			target.Endpoint = o.endpoint
			err = c.retry(target, o)
		}
		if err != nil {
			c.discard([]*outgoing{o}, dropReason(err), err, target)
		}
	}
}

// retry does not dial for a message that has no endpoint.
func (c *commImpl) retry(target conntable.Target, o *outgoing) error {
	if o.endpoint != "" {
		return c.submit(target, o, (*outbox).offer)
	}
	c.lock.Lock()
	link := c.table.Main(target.Peer)
	c.lock.Unlock()
	if link == nil {
		return errEnded
	}
	return link.Owner.(*connection).out.offer(o)
}

// discard reports messages that are given up, to whoever waits for an answer to
// them as well.
func (c *commImpl) discard(given []*outgoing, reason string, err error, target conntable.Target) {
	for _, o := range given {
		c.hook.Observe(observe.Event{
			Kind:     observe.Dropped,
			Reason:   reason,
			Peer:     common.PKIidType(target.Peer),
			Endpoint: target.Endpoint,
			Message:  o.kind,
			Bytes:    o.bytes,
			Err:      err,
		})
		if o.awaited != nil {
			o.awaited.resolve(err)
		}
	}
}

// dropReason names an error of submit.
func dropReason(err error) string {
	switch err {
	case errFull, errEnded, errLate:
		return err.Error()
	case errStopped:
		return byStop
	default:
		return unreachable
	}
}

// SendWithAck implements Comm. The message itself stays as it is: what is sent
// is a copy with a number of its own, without signature.
func (c *commImpl) SendWithAck(msg *proto.SignedGossipMessage, timeout time.Duration, minAck int, peers ...*RemotePeer) AggregatedSendResult {
	if len(peers) == 0 {
		return nil
	}
	start := time.Now()
	answers := make(chan SendResult, len(peers))
	nonce := util.RandomUInt64()
	waiters := make([]*ackWaiter, len(peers))
	for i, peer := range peers {
		waiters[i] = &ackWaiter{peer: *peer, nonce: nonce, answers: answers}
	}
	numbered, err := withNonce(msg, nonce)
	if !c.begin() {
		err = errStopped
	} else {
		defer c.tasks.Done()
	}
	if err != nil {
		fail(waiters, err)
		return collect(answers, waiters, 0, timeout, nil)
	}
	template := newOutgoing(numbered)
	for _, w := range waiters {
		o := *template
		o.endpoint, o.awaited = w.peer.Endpoint, w
		c.submitAwaited(targetOf(&w.peer), &o, start.Add(timeout))
	}
	return collect(answers, waiters, minAck, timeout-time.Since(start), c.ctx.Done())
}

// withNonce is a message with another number, in an envelope without signature.
func withNonce(m *proto.SignedGossipMessage, nonce uint64) (*proto.SignedGossipMessage, error) {
	if m == nil || m.GossipMessage == nil {
		return nil, errors.New("no message to send")
	}
	return protoext.NoopSign(&proto.GossipMessage{
		Nonce:   nonce,
		Channel: m.GossipMessage.Channel,
		Tag:     m.GossipMessage.Tag,
		Content: m.GossipMessage.Content,
	})
}

func atLeast(d, least time.Duration) time.Duration {
	if d < least {
		return least
	}
	return d
}

// submitAwaited is submit for a message that must not be dropped for want of
// room: it is waited for, in a goroutine, as long as an answer is.
func (c *commImpl) submitAwaited(target conntable.Target, o *outgoing, deadline time.Time) {
	err := c.submit(target, o, (*outbox).offer)
	switch err {
	case nil:
	case errFull:
		c.tasks.Add(1) // the caller is one of them
		go func() {
			defer c.tasks.Done()
			err := c.submit(target, o, func(out *outbox, o *outgoing) error {
				return out.put(o, atLeast(time.Until(deadline), time.Nanosecond))
			})
			if err != nil {
				c.discard([]*outgoing{o}, dropReason(err), err, target)
			}
		}()
	default:
		c.discard([]*outgoing{o}, dropReason(err), err, target)
	}
}
