// SPDX-License-Identifier: Apache-2.0

package gossipreplay

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/protos/gossip"
)

// verdicts is what became of every recorded message, nested ones included:
// where it was, what it is, what checking it came to, and how often. What
// cannot be checked by itself, because it travels unsigned, is authenticated by
// the stream alone.
const verdicts = `
   21 handshake-as-client conn: verified, bound to the TLS certificate of its sender alone
   21 handshake-as-server conn: verified, bound to the TLS certificate of its sender alone
   10 in data_update.data data_msg: block verified
   12 in data_update.data peer_identity: verified
   69 in mem_req.self_information alive_msg: verified
    2 in mem_req.self_information alive_msg: verified, with identity
   11 in mem_req.self_information alive_msg: verified, with identity, with secret
   27 in mem_req.self_information alive_msg: verified, with secret
  225 in mem_res.alive alive_msg: verified
   14 in mem_res.alive alive_msg: verified, with identity
   24 in mem_res.alive alive_msg: verified, with identity, with secret
   87 in mem_res.alive alive_msg: verified, with secret
    1 in mem_res.dead alive_msg: verified, with identity
  342 in state_snapshot.elements state_info: verified, by a reader of the channel
  192 stream alive_msg: verified
    9 stream alive_msg: verified, with identity
    2 stream alive_msg: verified, with identity, with secret
    2 stream alive_msg: verified, with secret
   37 stream data_dig block: unsigned
   99 stream data_dig identity: unsigned
   26 stream data_msg: block verified
    1 stream data_req block: unsigned
   11 stream data_req identity: unsigned
    1 stream data_update block: unsigned
   11 stream data_update identity: unsigned
   42 stream hello block: unsigned
   99 stream hello identity: unsigned
   13 stream leadership_msg: verified
  109 stream mem_req: unsigned
  109 stream mem_res: unsigned
  105 stream state_info: verified, by a reader of the channel
   98 stream state_info_pull_req: unsigned, channel MAC of its sender
   96 stream state_snapshot: unsigned
`

func TestEveryRecordedMessageIsVerifiedOrRefusedWithAReason(t *testing.T) {
	r := recorded(t)
	i := &inspector{recording: r, service: recordedTrust(t, org1).service(t, nil), counts: map[string]int{}, hashes: map[string][]byte{}}
	for _, peer := range append(slices.Clone(peers), "peer3.org1") {
		i.hashes[peer] = tlsCertHash(t, peer)
	}
	for _, e := range r.all() {
		i.inspect(e.Stage, e.message, e.sender)
	}
	var table strings.Builder
	for _, line := range slices.Sorted(maps.Keys(i.counts)) {
		fmt.Fprintf(&table, "%5d %s\n", i.counts[line], line)
	}
	t.Logf("%d envelopes received\n%s", len(r.all()), table.String())
	assert.Equal(t, strings.TrimPrefix(verdicts, "\n"), table.String())
}

// inspector checks messages as a peer would, without regard to their age.
type inspector struct {
	*recording
	service *mcs.MCS
	hashes  map[string][]byte // of TLS certificates
	counts  map[string]int
}

// inspect counts what checking m, which was found at place, and all messages in
// it, comes to. Sender is whose stream it came on.
func (i *inspector) inspect(place string, m *gossip.SignedGossipMessage, sender string) {
	kind := kindOf(m.GossipMessage)
	i.counts[place+" "+kind+": "+i.outcome(place, m, sender)]++
	for name, envelopes := range nested(m.GossipMessage) {
		for _, e := range envelopes {
			place := "in " + name
			inner, err := protoext.EnvelopeToGossipMessage(e)
			if err != nil {
				i.counts[place+": "+err.Error()]++
				continue
			}
			i.inspect(place, inner, sender)
		}
	}
}

// nested are the envelopes inside a message, by the field that holds them.
func nested(m *gossip.GossipMessage) map[string][]*gossip.Envelope {
	switch content := m.Content.(type) {
	case *gossip.GossipMessage_MemReq:
		return map[string][]*gossip.Envelope{"mem_req.self_information": {content.MemReq.SelfInformation}}
	case *gossip.GossipMessage_MemRes:
		return map[string][]*gossip.Envelope{"mem_res.alive": content.MemRes.Alive, "mem_res.dead": content.MemRes.Dead}
	case *gossip.GossipMessage_StateSnapshot:
		return map[string][]*gossip.Envelope{"state_snapshot.elements": content.StateSnapshot.Elements}
	case *gossip.GossipMessage_DataUpdate:
		return map[string][]*gossip.Envelope{"data_update.data": content.DataUpdate.Data}
	}
	return nil
}

func (i *inspector) outcome(place string, m *gossip.SignedGossipMessage, sender string) string {
	if refusal := i.form(place, m); refusal != nil {
		return "refused: " + refusal.Error()
	}
	verified, err := i.content(m, sender)
	if err != nil {
		return "refused: " + err.Error()
	}
	return verified
}

// form checks what every message must fulfil: its fields are there, its tag is
// that of its kind, and encoding it gives the bytes that came.
func (i *inspector) form(place string, m *gossip.SignedGossipMessage) error {
	if err := protoext.CheckShape(m.GossipMessage); err != nil {
		return err
	}
	again, err := protoext.NoopSign(m.GossipMessage)
	if err != nil {
		return err
	}
	if !bytes.Equal(again.Payload, m.Payload) {
		return fmt.Errorf("encodes otherwise")
	}
	if m.GetConn() != nil || strings.HasPrefix(place, "in data_update") && m.GetPeerIdentity() != nil {
		if m.Tag != gossip.GossipMessage_EMPTY {
			return fmt.Errorf("tag %s", m.Tag)
		}
		return nil
	}
	return protoext.IsTagLegal(m.GossipMessage)
}

// content checks signatures, and what they are bound to.
func (i *inspector) content(m *gossip.SignedGossipMessage, sender string) (string, error) {
	switch content := m.Content.(type) {
	case *gossip.GossipMessage_Conn:
		return i.handshake(m, content.Conn, sender)
	case *gossip.GossipMessage_AliveMsg:
		return i.alive(m, content.AliveMsg)
	case *gossip.GossipMessage_PeerIdentity:
		return "verified", i.signed(m, content.PeerIdentity.PkiId, content.PeerIdentity.Cert)
	case *gossip.GossipMessage_LeadershipMsg:
		return "verified", i.signed(m, content.LeadershipMsg.PkiId, nil)
	case *gossip.GossipMessage_StateInfo:
		return i.stateInfo(m, content.StateInfo)
	case *gossip.GossipMessage_StateInfoPullReq:
		if !slices.ContainsFunc(i.members(), func(id common.PKIidType) bool {
			return i.nameOf(id) == sender && bytes.Equal(channelMAC(id), content.StateInfoPullReq.Channel_MAC)
		}) {
			return "", fmt.Errorf("wrong channel MAC")
		}
		return "unsigned, channel MAC of its sender", nil
	case *gossip.GossipMessage_DataMsg:
		payload := content.DataMsg.Payload
		return "block verified", i.service.VerifyBlock(common.ChainID(m.Channel), payload.SeqNum, payload.Data)
	}
	if len(m.Signature) > 0 {
		return "", fmt.Errorf("signed for no reason")
	}
	return "unsigned", nil
}

func (i *inspector) members() []common.PKIidType {
	var ids []common.PKIidType
	for _, identity := range i.identities {
		ids = append(ids, i.service.GetPKIidOfCert(identity))
	}
	return ids
}

// signed checks the signatures of a message of the owner of a PKI-ID. Identity,
// where the message brings it, must be the one known from handshakes.
func (i *inspector) signed(m *gossip.SignedGossipMessage, id []byte, identity api.PeerIdentityType) error {
	known := i.identity(id)
	switch {
	case known == nil:
		return fmt.Errorf("unknown PKI-ID")
	case identity != nil && !bytes.Equal(identity, known):
		return fmt.Errorf("another identity than at the handshake")
	case !bytes.Equal(i.service.GetPKIidOfCert(known), id):
		return fmt.Errorf("the PKI-ID is not of this identity")
	}
	if err := i.service.ValidateIdentity(known); err != nil {
		return err
	}
	if err := m.Verify(known, i.verify); err != nil {
		return err
	}
	return i.sensitive(m, known)
}

func (i *inspector) verify(identity, signature, message []byte) error {
	return i.service.Verify(identity, signature, message)
}

// sensitive makes sure that the check that m has passed can fail: with one bit
// changed in any of its parts, and for any other peer, it must.
func (i *inspector) sensitive(m *gossip.SignedGossipMessage, identity api.PeerIdentityType) error {
	for _, part := range []func(*gossip.Envelope) []byte{
		func(e *gossip.Envelope) []byte { return e.Payload },
		func(e *gossip.Envelope) []byte { return e.Signature },
		func(e *gossip.Envelope) []byte { return e.GetSecretEnvelope().GetPayload() },
		func(e *gossip.Envelope) []byte { return e.GetSecretEnvelope().GetSignature() },
	} {
		changed := proto.Clone(m.Envelope).(*gossip.Envelope)
		if b := part(changed); len(b) > 0 {
			b[len(b)-1] ^= 1
		} else {
			continue
		}
		if (&gossip.SignedGossipMessage{Envelope: changed}).Verify(identity, i.verify) == nil {
			return fmt.Errorf("verifies with a bit changed")
		}
	}
	for _, other := range i.identities {
		if !bytes.Equal(other, identity) && m.Verify(other, i.verify) == nil {
			return fmt.Errorf("verifies as another peer's")
		}
	}
	return nil
}

func (i *inspector) handshake(m *gossip.SignedGossipMessage, conn *gossip.ConnEstablish, sender string) (string, error) {
	if err := i.signed(m, conn.PkiId, conn.Identity); err != nil {
		return "", err
	}
	for peer, hash := range i.hashes {
		if bytes.Equal(hash, conn.TlsCertHash) != (peer == sender) {
			return "", fmt.Errorf("not bound to the TLS certificate of %s", sender)
		}
	}
	return "verified, bound to the TLS certificate of its sender alone", nil
}

func (i *inspector) alive(m *gossip.SignedGossipMessage, alive *gossip.AliveMessage) (string, error) {
	verified := "verified"
	if alive.Identity != nil {
		verified += ", with identity"
	}
	if secret := m.SecretEnvelope; secret != nil {
		if protoext.InternalEndpoint(secret) == "" {
			return "", fmt.Errorf("secret without endpoint")
		}
		verified += ", with secret"
	}
	return verified, i.signed(m, alive.Membership.PkiId, alive.Identity)
}

func (i *inspector) stateInfo(m *gossip.SignedGossipMessage, info *gossip.StateInfo) (string, error) {
	if err := i.signed(m, info.PkiId, nil); err != nil {
		return "", err
	}
	if !bytes.Equal(info.Channel_MAC, channelMAC(info.PkiId)) {
		return "", fmt.Errorf("wrong channel MAC")
	}
	if _, err := protoext.LedgerHeight(info); err != nil {
		return "", err
	}
	return "verified, by a reader of the channel", i.service.VerifyByChannel(common.ChainID(channelID), i.identity(info.PkiId), m.Signature, m.Payload)
}

func TestRecordingIsWhatItIsSaidToBe(t *testing.T) {
	r := recorded(t)
	counts, stages := map[string]int{}, map[string]int{}
	for _, e := range r.all() {
		counts[e.Receiver]++
		stages[e.Stage]++
		assert.Equal(t, e.message.GetConn() != nil, e.Stage != onStream)
		assert.NotEqual(t, e.Receiver, e.sender)
	}
	assert.Equal(t, map[string]int{"peer0.org1": 312, "peer1.org1": 324, "peer2.org1": 220, "peer0.org2": 248}, counts)
	assert.Equal(t, map[string]int{asServer: 21, asClient: 21, onStream: 1062}, stages)
	require.Len(t, r.names, 4)
	assert.ElementsMatch(t, peers, slices.Collect(maps.Values(r.names)))
}
