// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package discovery

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	gossipproto "github.com/hyperledger/fabric/protos/gossip"
)

// fifteen members are let in by two that start a second after the rest.
func addFifteen(w *world) (nodes []*node) {
	for i := 3; i <= 15; i++ {
		nodes = append(nodes, w.add(at(i), everybody, at(1), at(2)))
	}
	pass(time.Second)
	return append(nodes, w.add(at(1), everybody, at(1), at(2)), w.add(at(2), everybody, at(1), at(2)))
}

func TestSimLateBootstrapStoppedMembersAndUpdates(t *testing.T) {
	simulate(t, func(w *world) {
		nodes := addFifteen(w)
		w.within(15*time.Second, "full membership", func() bool { return full(nodes) })
		for _, n := range nodes {
			for _, m := range n.GetMembership() {
				require.NotEmpty(t, m.Endpoint)
				require.Equal(t, m.Endpoint, m.InternalEndpoint)
				found := n.Lookup(m.PKIid)
				require.Equal(t, m.Endpoint, found.Endpoint)
				require.Equal(t, m.PKIid, found.PKIid)
				require.NotNil(t, m.Envelope)
			}
		}

		nodes[3].UpdateMetadata([]byte("news"))
		nodes[4].UpdateEndpoint("elsewhere:1")
		w.within(15*time.Second, "updates everywhere", func() bool {
			for i, n := range nodes {
				three, four := n.Lookup(nodes[3].selfID), n.Lookup(nodes[4].selfID)
				if i != 3 && string(three.Metadata) != "news" || i != 4 && four.Endpoint != "elsewhere:1" {
					return false
				}
			}
			return true
		})
		for i, n := range nodes {
			if i != 4 {
				require.Equal(t, nodes[4].endpoint, n.Lookup(nodes[4].selfID).InternalEndpoint, "that did not change")
			}
		}

		nodes[13].stop()
		nodes[0].stop()
		nodes = append(nodes[1:13:13], nodes[14])
		w.within(15*time.Second, "two members gone", func() bool { return full(nodes) })
		w.throughout(2*time.Second, "stable", func() bool { return full(nodes) })
	})
}

func TestSimClustersMergeAndStayMerged(t *testing.T) {
	simulate(t, func(w *world) {
		var nodes []*node
		for cluster := 0; cluster < 3; cluster++ {
			first := at(10*cluster + 1)
			for i := 1; i <= 3; i++ {
				nodes = append(nodes, w.add(at(10*cluster+i), everybody, first))
			}
		}
		w.within(15*time.Second, "clusters of three", func() bool {
			for _, n := range nodes {
				if n.count() != 2 {
					return false
				}
			}
			return true
		})
		connector := w.add(at(40), everybody, at(1), at(11), at(21))
		w.within(15*time.Second, "one network", func() bool { return full(append(nodes, connector)) })
		connector.stop()
		w.within(15*time.Second, "without the connector", func() bool { return full(nodes) })
		w.throughout(3*time.Second, "merged", func() bool { return full(nodes) })
	})
}

// Without gossip, members keep each other alive by asking.
func TestSimSyncAloneSuffices(t *testing.T) {
	simulate(t, func(w *world) {
		w.fanout = 0
		var nodes []*node
		for i := 1; i <= 10; i++ {
			n := w.add(at(i), everybody, at(1), at(2))
			nodes = append(nodes, n)
			n.syncEvery(333*time.Millisecond, 9)
		}
		w.within(4*time.Second, "full membership", func() bool { return full(nodes) })
		w.throughout(10*time.Second, "mutually alive", func() bool { return full(nodes) })
	})
}

// A fifth of all messages is lost, half the members are cut off from the other
// half for long, and all that passes.
func TestSimLossAndPartition(t *testing.T) {
	simulate(t, func(w *world) {
		var nodes []*node
		for i := 1; i <= 6; i++ {
			n := w.add(at(i), everybody, at(1))
			n.syncEvery(400*time.Millisecond, 3)
			nodes = append(nodes, n)
		}
		w.mutex.Lock()
		w.passes = func(*node, *node, *gossipproto.SignedGossipMessage) bool { return w.dice.Intn(5) > 0 }
		w.mutex.Unlock()
		w.within(time.Minute, "full membership in spite of losses", func() bool { return full(nodes) })

		left := map[*node]bool{}
		for _, n := range nodes[:3] {
			left[n] = true
		}
		w.mutex.Lock()
		w.cut = func(from, to *node) bool { return left[from] != left[to] }
		w.mutex.Unlock()
		w.within(15*time.Second, "two halves", func() bool { return full(nodes[:3]) && full(nodes[3:]) })
		pass(25 * time.Second) // long enough to forget
		for _, n := range nodes {
			require.Equal(t, 0, n.deadMembership.Size())
		}
		w.mutex.Lock()
		w.cut, w.passes = nil, nil
		w.mutex.Unlock()
		w.within(50*time.Second, "whole again", func() bool { return full(nodes) })
	})
}
