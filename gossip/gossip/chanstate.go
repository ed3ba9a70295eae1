// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"
	"sync"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/channel"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// channelState is the channels that the node has joined. None ever leaves:
// whoever left a channel still says so to others.
type channelState struct {
	node *gossipServiceImpl

	mutex    sync.RWMutex
	channels map[string]*joinedChannel // by name; guarded by mutex
	macs     macCache                  // guarded by mutex
	stopping bool                      // guarded by mutex
}

// joinedChannel is a channel with the lane on which its messages are handled.
type joinedChannel struct {
	channel.GossipChannel
	name common.ChainID
	node *gossipServiceImpl
	lane *lane
}

func newChannelState(g *gossipServiceImpl) *channelState {
	return &channelState{node: g, channels: map[string]*joinedChannel{}, macs: macCache{}}
}

// join creates a channel, or hands a channel its new configuration.
func (cs *channelState) join(joinMsg api.JoinChannelMessage, name common.ChainID) {
	if j, created := cs.getOrCreate(joinMsg, name); j != nil && !created {
		j.ConfigureChannel(joinMsg)
	}
}

func (cs *channelState) getOrCreate(joinMsg api.JoinChannelMessage, name common.ChainID) (j *joinedChannel, created bool) {
	cs.mutex.Lock()
	defer cs.mutex.Unlock()
	if cs.stopping {
		return nil, false
	}
	if j := cs.channels[string(name)]; j != nil {
		return j, false
	}
	g := cs.node
	j = &joinedChannel{name: append(common.ChainID(nil), name...), node: g}
	j.GossipChannel = channel.NewGossipChannel(g.comm.GetPKIid(), g.selfOrg, g.mcs, j.name, &channelAdapter{node: g}, joinMsg)
	j.lane = newLane("channel", channelBacklog, channelLaneBytes, &g.hook, g.lanes.channels, j.handle)
	cs.channels[string(name)] = j
	cs.macs = macCache{}
	return j, true
}

// byName returns nil for a channel that has not been joined, and for all of
// them once the node stops.
func (cs *channelState) byName(name common.ChainID) *joinedChannel {
	cs.mutex.RLock()
	defer cs.mutex.RUnlock()
	if cs.stopping {
		return nil
	}
	return cs.channels[string(name)]
}

// byMAC finds the channel of which the MAC is with the given PKI-ID.
func (cs *channelState) byMAC(pkiID common.PKIidType, mac []byte) *joinedChannel {
	cs.mutex.RLock()
	name, known := cs.macs[macKey{string(pkiID), string(mac)}]
	if cs.stopping {
		cs.mutex.RUnlock()
		return nil
	}
	if known {
		defer cs.mutex.RUnlock()
		return cs.channels[name]
	}
	var found *joinedChannel
	for _, j := range cs.channels {
		if bytes.Equal(mac, channel.GenerateMAC(pkiID, j.name)) {
			found = j
			break
		}
	}
	cs.mutex.RUnlock()
	if found != nil {
		cs.mutex.Lock()
		defer cs.mutex.Unlock()
		cs.macs.put(macKey{string(pkiID), string(mac)}, string(found.name))
	}
	return found
}

// stop stops all channels and waits for what they are handling.
func (cs *channelState) stop() {
	stopped := cs.close()
	for _, j := range stopped {
		j.lane.release()
		j.Stop()
	}
	for _, j := range stopped {
		j.lane.join()
	}
}

func (cs *channelState) close() []*joinedChannel {
	cs.mutex.Lock()
	defer cs.mutex.Unlock()
	cs.stopping = true
	var all []*joinedChannel
	for _, j := range cs.channels {
		all = append(all, j)
	}
	return all
}

// handle handles a message of the channel. It runs on the channel's lane.
func (j *joinedChannel) handle(m proto.ReceivedMessage) {
	received := m.GetGossipMessage()
	if protoext.IsLeadershipMsg(received.GossipMessage) {
		if reason, err := j.node.verifyLeadership(received); err != nil {
			j.node.reject(m, reason, err)
			return
		}
	}
	if info := received.GetStateInfo(); info != nil && bytes.Equal(info.PkiId, j.node.comm.GetPKIid()) {
		if !j.ownComesBack(m, received) {
			return
		}
	}
	j.HandleMessage(m)
}

// ownComesBack looks at a message about the node itself, which a channel takes
// in unseen: only what the node did sign, perhaps in an earlier life, and is not
// just the echo of its last message, goes on.
func (j *joinedChannel) ownComesBack(m proto.ReceivedMessage, received *proto.SignedGossipMessage) bool {
	if last := j.Self(); last != nil && last.Envelope != nil &&
		bytes.Equal(last.Envelope.Signature, received.Envelope.Signature) && bytes.Equal(last.Envelope.Payload, received.Envelope.Payload) {
		j.node.drop(m, echo)
		return false
	}
	if reason, err := j.node.verifySigner(received, received.GetStateInfo().PkiId); err != nil {
		j.node.reject(m, reason, err)
		return false
	}
	return true
}

// macCache remembers which channel MACs belong to.
type macCache map[macKey]string // channel names

type macKey struct{ pkiID, mac string }

// maxMACs bounds a macCache: subjects can be made up.
const maxMACs = 8192

func (c macCache) put(key macKey, name string) {
	if len(c) >= maxMACs {
		for any := range c {
			delete(c, any)
			break
		}
	}
	c[key] = name
}
