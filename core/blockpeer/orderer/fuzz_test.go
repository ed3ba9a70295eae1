// SPDX-License-Identifier: Apache-2.0

//go:build go1.18

package orderer

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/blockpeer/genesis"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// FuzzBroadcast submits arbitrary envelopes to admission. Each is either refused
// with a status and a reason, or becomes an entry that peers accept in a block.
func FuzzBroadcast(f *testing.F) {
	p := profile(f)
	p.ApplicationOrgs = p.ApplicationOrgs[:1]
	p.ApplicationOrgs[0].Policies = map[string]string{ // so that changed messages get further
		"Writers": "OutOf(0, 'Org1MSP.member')", "Admins": "OutOf(0, 'Org1MSP.admin')",
	}
	live, err := channel.FromConfigBlock(genesisBlock(f, p))
	if err != nil {
		f.Fatal(err)
	}
	a := &admission{channel: live, signer: ordererSigner(f), now: time.Now}
	o := &Orderer{channel: live}
	peer := peerSigner(f, org1)
	for _, envelope := range []*cb.Envelope{
		transaction(f, peer, "x", 5),
		messageOf(f, cb.HeaderType_CONFIG, testChannel, peer, &cb.ConfigValue{}),
		messageOf(f, cb.HeaderType_CONFIG_UPDATE, testChannel, peer, &cb.ConfigUpdateEnvelope{}),
		updateOf(f, o, peer, []cryptogen.OrgSpec{org1}, func(c *cb.Config) {
			if err := genesis.SetAnchorPeers(c, org1.MSPID, genesis.AnchorPeer{Host: "h", Port: 1}); err != nil {
				f.Fatal(err)
			}
		}),
		{},
	} {
		f.Add(marshal(f, envelope))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		envelope := &cb.Envelope{}
		if proto.Unmarshal(raw, envelope) != nil {
			return
		}
		config, r := a.kind(envelope)
		var m *message
		if r == nil {
			m, r = a.judge(envelope, config)
		}
		if r != nil {
			if r.status < cb.Status_BAD_REQUEST || r.Error() == "" {
				t.Fatalf("refused with %s: %q", r.status, r)
			}
			return
		}
		block := &cb.Block{Data: &cb.BlockData{Data: [][]byte{m.entry}}}
		if err := protoext.CheckTransactionBoundaries(block); err != nil {
			t.Fatalf("accepted, but peers refuse it: %s", err)
		}
		if protoext.IsConfigBlock(block) != m.config {
			t.Fatal("accepted as one kind and ordered as the other")
		}
	})
}

// FuzzBlockDir reads a recording with one arbitrary file. What it accepts can be
// replayed.
func FuzzBlockDir(f *testing.F) {
	raw, err := os.ReadFile(filepath.Join(recordedDir, "0003.block"))
	if err != nil {
		f.Fatal(err)
	}
	first, err := proto.Marshal(cb.NewBlock(0, nil))
	if err != nil {
		f.Fatal(err)
	}
	f.Add("0001", marshal(f, cb.NewBlock(1, nil)))
	f.Add("1", raw)
	f.Add("x", []byte{})
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "0.block"), first, 0o600); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name+blockSuffix)
		if filepath.Dir(file) != dir || os.WriteFile(file, content, 0o600) != nil {
			return // not a name for a file here
		}
		blocks, err := ReadBlockDir(dir)
		if err != nil {
			return
		}
		replay, err := NewReplay(blocks, ReplayConfig{ChannelID: "c"})
		if err != nil || replay.Height() != uint64(len(blocks)) {
			t.Fatalf("%d blocks were read but cannot be replayed: %v", len(blocks), err)
		}
	})
}
