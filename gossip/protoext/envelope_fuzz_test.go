// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package protoext_test

import (
	"testing"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/protos/gossip"
)

// FuzzEnvelope takes any bytes for an envelope from a peer and asks everything
// that can be asked about what is in it, and of the messages nested in it.
func FuzzEnvelope(f *testing.F) {
	for _, r := range recordedEnvelopes(f) {
		if len(r.raw) < 1500 {
			f.Add(r.raw)
		}
	}
	for _, c := range kindCases() {
		if raw, err := proto.Marshal(c.message); err == nil {
			envelope, _ := proto.Marshal(&gossip.Envelope{Payload: raw, SecretEnvelope: &gossip.SecretEnvelope{}})
			f.Add(envelope)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		envelope := &gossip.Envelope{}
		if proto.Unmarshal(raw, envelope) == nil {
			askEverything(t, envelope, 0)
		}
	})
}

func askEverything(t *testing.T, envelope *gossip.Envelope, depth int) {
	protoext.InternalEndpoint(envelope.SecretEnvelope)
	m, err := protoext.EnvelopeToGossipMessage(envelope)
	if err != nil {
		return
	}
	g := m.GossipMessage
	for _, q := range questions {
		q.ask(g)
	}
	protoext.IsChannelRestricted(g)
	protoext.IsOrgRestricted(g)
	protoext.Describe(m)
	protoext.DescribePrivateData(g.GetPrivateRes())
	protoext.LedgerHeight(g.GetStateInfo())
	protoext.FormattedDigests(protoext.GetPullMsgType(g), g.GetDataDig().GetDigests())
	if protoext.IsTagLegal(g) == nil && protoext.Kind(g) == "none" {
		t.Fatalf("a tag is legal on nothing: %v", g)
	}
	for _, d := range g.GetPrivateReq().GetDigests() {
		protoext.DigestHash(d)
	}
	if _, err := protoext.NoopSign(g); err != nil {
		t.Fatalf("decoded, but cannot be encoded: %v", err)
	}
	compareBothWays(t, m)
	m.Verify(nil, func(_, signature, payload []byte) error {
		if len(signature) == 0 || len(payload) == 0 {
			t.Fatal("asked to verify nothing")
		}
		return nil
	})
	if depth < 3 {
		for _, inner := range nestedIn(g) {
			askEverything(t, inner, depth+1)
		}
	}
}

// compareBothWays makes sure that the comparator's two answers about a pair of
// messages fit together.
func compareBothWays(t *testing.T, m *gossip.SignedGossipMessage) {
	compare := protoext.NewGossipMessageComparator(5)
	for _, c := range kindCases() {
		that := &gossip.SignedGossipMessage{GossipMessage: c.message}
		there, back := compare(m, that), compare(that, m)
		fits := there == back && there != common.MessageInvalidates ||
			there == common.MessageInvalidates && back == common.MessageInvalidated ||
			there == common.MessageInvalidated && back == common.MessageInvalidates
		if !fits {
			t.Fatalf("%d one way, %d the other: %v and %v", there, back, m.GossipMessage, c.message)
		}
	}
}

func nestedIn(g *gossip.GossipMessage) []*gossip.Envelope {
	var all []*gossip.Envelope
	all = append(all, g.GetMemRes().GetAlive()...)
	all = append(all, g.GetMemRes().GetDead()...)
	all = append(all, g.GetStateSnapshot().GetElements()...)
	all = append(all, g.GetDataUpdate().GetData()...)
	if self := g.GetMemReq().GetSelfInformation(); self != nil {
		all = append(all, self)
	}
	return all
}
