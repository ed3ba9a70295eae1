// SPDX-License-Identifier: Apache-2.0

package pull

import (
	"sync"

	"github.com/hyperledger/fabric/gossip/gossip/algo"
	"github.com/hyperledger/fabric/gossip/gossip/internal/lane"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// mediator is the one implementation of Mediator.
type mediator struct {
	config  Config
	adapter *PullAdapter
	engine  *algo.PullEngine
	lanes   *lane.Lanes
	hook    observe.Hook

	mutex sync.Mutex // held while the engine's state changes together with items
	// Guarded by mutex:
	items    map[string]*proto.SignedGossipMessage // by the name under which the engine has them
	arriving map[string]*proto.SignedGossipMessage // what the engine is being asked about, in accept

	hooksMutex sync.Mutex
	hooks      map[MsgType][]MessageHook // guarded by hooksMutex; slices are only appended to
}

func newMediator(config Config, adapter *PullAdapter) *mediator {
	m := &mediator{
		config:  config,
		adapter: adapter,
		lanes:   lane.New(),
		items:   make(map[string]*proto.SignedGossipMessage),
		hooks:   make(map[MsgType][]MessageHook),
	}
	m.engine = algo.NewPullEngineWithFilter(peers{m}, config.PullInterval, m.mayKnow)
	return m
}

// Hook is where the mediator tells what it drops and rejects.
func (m *mediator) Hook() *observe.Hook { return &m.hook }

func (m *mediator) Stop() {
	m.engine.Stop()
	m.lanes.Stop()
}

func (m *mediator) RegisterMsgHook(phase MsgType, hook MessageHook) {
	m.hooksMutex.Lock()
	defer m.hooksMutex.Unlock()
	m.hooks[phase] = append(m.hooks[phase], hook)
}

func (m *mediator) runHooks(phase MsgType, ids []string, items []*proto.SignedGossipMessage, msg proto.ReceivedMessage) {
	m.hooksMutex.Lock()
	hooks := m.hooks[phase]
	m.hooksMutex.Unlock()
	for _, hook := range hooks {
		hook(ids, items, msg)
	}
}

func (m *mediator) Add(item *proto.SignedGossipMessage) {
	if item == nil {
		return
	}
	id := m.adapter.IdExtractor(item)
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.items[id] = item
	m.engine.Add(id)
}

func (m *mediator) Remove(id string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.items, id)
	m.engine.Remove(id)
}

func (m *mediator) HandleMessage(msg proto.ReceivedMessage) {
	if msg == nil {
		return
	}
	received := msg.GetGossipMessage()
	if received == nil || received.GossipMessage == nil || protoext.GetPullMsgType(received.GossipMessage) != m.config.MsgType {
		return
	}
	switch content := received.Content.(type) {
	case *proto.GossipMessage_Hello:
		m.engine.OnHello(content.Hello.Nonce, msg)
		m.runHooks(HelloMsgType, nil, nil, msg)
	case *proto.GossipMessage_DataDig:
		m.handleDigest(content.DataDig, msg)
	case *proto.GossipMessage_DataReq:
		ids := texts(content.DataReq.Digests)
		m.engine.OnReq(ids, content.DataReq.Nonce, msg)
		m.runHooks(RequestMsgType, ids, nil, msg)
	case *proto.GossipMessage_DataUpdate:
		m.handleUpdate(content.DataUpdate, msg)
	}
}

func (m *mediator) handleDigest(digest *proto.DataDigest, msg proto.ReceivedMessage) {
	if wanted := m.adapter.IngressDigFilter; wanted != nil {
		digest = wanted(digest)
	}
	ids := texts(digest.GetDigests())
	m.engine.OnDigest(ids, digest.GetNonce(), msg)
	m.runHooks(DigestMsgType, ids, nil, msg)
}

// handleUpdate hands items to the owner even if nobody asked for them: the
// owner has checked them, and what a peer has found out anyway is welcome.
func (m *mediator) handleUpdate(update *proto.DataUpdate, msg proto.ReceivedMessage) {
	var ids []string
	var items []*proto.SignedGossipMessage
	for _, envelope := range update.Data {
		item, err := decode(envelope)
		if err != nil {
			m.observe(observe.Rejected, "undecodable item", msg, err)
			continue
		}
		m.adapter.MsgCons(item)
		ids = append(ids, m.adapter.IdExtractor(item))
		items = append(items, item)
	}
	if len(items) == 0 && len(update.Data) > 0 {
		return
	}
	m.accept(ids, items, update.Nonce)
	m.runHooks(ResponseMsgType, ids, items, msg)
}

func decode(envelope *proto.Envelope) (*proto.SignedGossipMessage, error) {
	item, err := protoext.EnvelopeToGossipMessage(envelope)
	if err != nil {
		return nil, err
	}
	return item, protoext.CheckShape(item.GossipMessage)
}

// accept keeps items if the engine has asked for them. It tells by calling
// Accepted before it returns.
func (m *mediator) accept(ids []string, items []*proto.SignedGossipMessage, nonce uint64) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.arriving = make(map[string]*proto.SignedGossipMessage, len(ids))
	for i, id := range ids {
		m.arriving[id] = items[i]
	}
	m.engine.OnRes(ids, nonce)
	m.arriving = nil
}

// texts are digests as the engine knows items.
func texts(digests [][]byte) []string {
	ids := make([]string, len(digests))
	for i, digest := range digests {
		ids[i] = string(digest)
	}
	return ids
}

func (m *mediator) observe(kind observe.Kind, reason string, msg proto.ReceivedMessage, err error) {
	event := observe.Event{Kind: kind, Reason: reason, Channel: string(m.config.Channel), Message: protoext.Kind(msg.GetGossipMessage().GossipMessage), Err: err}
	if sender := msg.GetConnectionInfo(); sender != nil {
		event.Peer, event.Endpoint = sender.ID, sender.Endpoint
	}
	m.hook.Observe(event)
}
