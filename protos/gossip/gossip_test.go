// SPDX-License-Identifier: Apache-2.0

package gossip_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/protos/gossip"
)

func signed(m *gossip.GossipMessage) *gossip.SignedGossipMessage {
	return &gossip.SignedGossipMessage{GossipMessage: m}
}

// kinds has one message of each kind, with what is true of it.
var kinds = []struct {
	name    string
	message *gossip.GossipMessage
	is      []string
	tag     gossip.GossipMessage_Tag // the only legal one; UNDEFINED for none
	pull    gossip.PullMsgType
}{
	{"alive", &gossip.GossipMessage{Content: &gossip.GossipMessage_AliveMsg{AliveMsg: &gossip.AliveMessage{}}}, []string{"alive"}, gossip.GossipMessage_EMPTY, 0},
	{"membership request", &gossip.GossipMessage{Content: &gossip.GossipMessage_MemReq{MemReq: &gossip.MembershipRequest{}}}, nil, gossip.GossipMessage_EMPTY, 0},
	{"membership response", &gossip.GossipMessage{Content: &gossip.GossipMessage_MemRes{MemRes: &gossip.MembershipResponse{}}}, nil, gossip.GossipMessage_EMPTY, 0},
	{"data", &gossip.GossipMessage{Content: &gossip.GossipMessage_DataMsg{DataMsg: &gossip.DataMessage{}}}, []string{"data"}, gossip.GossipMessage_CHAN_AND_ORG, 0},
	{"block hello", &gossip.GossipMessage{Content: &gossip.GossipMessage_Hello{Hello: &gossip.GossipHello{MsgType: gossip.PullMsgType_BLOCK_MSG}}}, []string{"hello", "pull"}, gossip.GossipMessage_CHAN_AND_ORG, gossip.PullMsgType_BLOCK_MSG},
	{"identity digest", &gossip.GossipMessage{Content: &gossip.GossipMessage_DataDig{DataDig: &gossip.DataDigest{MsgType: gossip.PullMsgType_IDENTITY_MSG}}}, []string{"digest", "pull"}, gossip.GossipMessage_EMPTY, gossip.PullMsgType_IDENTITY_MSG},
	{"block request", &gossip.GossipMessage{Content: &gossip.GossipMessage_DataReq{DataReq: &gossip.DataRequest{MsgType: gossip.PullMsgType_BLOCK_MSG}}}, []string{"request", "pull"}, gossip.GossipMessage_CHAN_AND_ORG, gossip.PullMsgType_BLOCK_MSG},
	{"identity update", &gossip.GossipMessage{Content: &gossip.GossipMessage_DataUpdate{DataUpdate: &gossip.DataUpdate{MsgType: gossip.PullMsgType_IDENTITY_MSG}}}, []string{"update", "pull"}, gossip.GossipMessage_EMPTY, gossip.PullMsgType_IDENTITY_MSG},
	{"unknown hello", &gossip.GossipMessage{Content: &gossip.GossipMessage_Hello{Hello: &gossip.GossipHello{}}}, []string{"hello", "pull"}, gossip.GossipMessage_UNDEFINED, 0},
	{"empty", &gossip.GossipMessage{Content: &gossip.GossipMessage_Empty{Empty: &gossip.Empty{}}}, nil, gossip.GossipMessage_UNDEFINED, 0},
	{"connection", &gossip.GossipMessage{Content: &gossip.GossipMessage_Conn{Conn: &gossip.ConnEstablish{}}}, nil, gossip.GossipMessage_UNDEFINED, 0},
	{"state info", &gossip.GossipMessage{Content: &gossip.GossipMessage_StateInfo{StateInfo: &gossip.StateInfo{}}}, []string{"state info"}, gossip.GossipMessage_CHAN_OR_ORG, 0},
	{"snapshot", &gossip.GossipMessage{Content: &gossip.GossipMessage_StateSnapshot{StateSnapshot: &gossip.StateInfoSnapshot{}}}, []string{"snapshot"}, gossip.GossipMessage_CHAN_OR_ORG, 0},
	{"state info request", &gossip.GossipMessage{Content: &gossip.GossipMessage_StateInfoPullReq{StateInfoPullReq: &gossip.StateInfoPullRequest{}}}, []string{"state info request"}, gossip.GossipMessage_CHAN_OR_ORG, 0},
	{"state request", &gossip.GossipMessage{Content: &gossip.GossipMessage_StateRequest{StateRequest: &gossip.RemoteStateRequest{}}}, []string{"remote state"}, gossip.GossipMessage_CHAN_OR_ORG, 0},
	{"state response", &gossip.GossipMessage{Content: &gossip.GossipMessage_StateResponse{StateResponse: &gossip.RemoteStateResponse{}}}, []string{"remote state"}, gossip.GossipMessage_CHAN_OR_ORG, 0},
	{"leadership", &gossip.GossipMessage{Content: &gossip.GossipMessage_LeadershipMsg{LeadershipMsg: &gossip.LeadershipMessage{}}}, []string{"leadership"}, gossip.GossipMessage_CHAN_AND_ORG, 0},
	{"identity", &gossip.GossipMessage{Content: &gossip.GossipMessage_PeerIdentity{PeerIdentity: &gossip.PeerIdentity{}}}, []string{"identity"}, gossip.GossipMessage_ORG_ONLY, 0},
	{"ack", &gossip.GossipMessage{Content: &gossip.GossipMessage_Ack{Ack: &gossip.Acknowledgement{}}}, []string{"ack"}, gossip.GossipMessage_UNDEFINED, 0},
	{"private request", &gossip.GossipMessage{Content: &gossip.GossipMessage_PrivateReq{PrivateReq: &gossip.RemotePvtDataRequest{}}}, []string{"private"}, gossip.GossipMessage_UNDEFINED, 0},
	{"private response", &gossip.GossipMessage{Content: &gossip.GossipMessage_PrivateRes{PrivateRes: &gossip.RemotePvtDataResponse{}}}, []string{"private"}, gossip.GossipMessage_UNDEFINED, 0},
	{"private data", &gossip.GossipMessage{Content: &gossip.GossipMessage_PrivateData{PrivateData: &gossip.PrivateDataMessage{}}}, []string{"private"}, gossip.GossipMessage_UNDEFINED, 0},
	{"nothing", &gossip.GossipMessage{}, nil, gossip.GossipMessage_UNDEFINED, 0},
	{"a kind without its message", &gossip.GossipMessage{Content: &gossip.GossipMessage_AliveMsg{}}, nil, gossip.GossipMessage_UNDEFINED, 0},
	{"no message", nil, nil, gossip.GossipMessage_UNDEFINED, 0},
}

func TestKinds(t *testing.T) {
	for _, c := range kinds {
		m := signed(c.message)
		var is []string
		for _, p := range []struct {
			name  string
			holds func() bool
		}{
			{"alive", m.IsAliveMsg}, {"data", m.IsDataMsg}, {"hello", m.IsHelloMsg}, {"digest", m.IsDigestMsg}, {"request", m.IsDataReq},
			{"update", m.IsDataUpdate}, {"pull", m.IsPullMsg}, {"state info", m.IsStateInfoMsg}, {"snapshot", m.IsStateInfoSnapshot},
			{"state info request", m.IsStateInfoPullRequestMsg}, {"remote state", m.IsRemoteStateMessage}, {"leadership", m.IsLeadershipMsg},
			{"identity", m.IsIdentityMsg}, {"ack", m.IsAck}, {"private", m.IsPrivateDataMsg},
		} {
			if p.holds() {
				is = append(is, p.name)
			}
		}
		require.Equal(t, c.is, is, c.name)
		require.Equal(t, c.pull, m.GetPullMsgType(), c.name)
		require.NotPanics(t, func() { _ = m.String() }, c.name)
	}
}

func TestTags(t *testing.T) {
	for _, c := range kinds {
		if c.message == nil {
			require.EqualError(t, signed(nil).IsTagLegal(), "Undefined tag")
			continue
		}
		for number, name := range gossip.GossipMessage_Tag_name {
			tag := gossip.GossipMessage_Tag(number)
			m := signed(&gossip.GossipMessage{Content: c.message.Content, Tag: tag})
			legal := tag == c.tag && tag != gossip.GossipMessage_UNDEFINED
			require.Equal(t, legal, m.IsTagLegal() == nil, "%s tagged %s", c.name, name)
		}
	}
	require.EqualError(t, signed(&gossip.GossipMessage{Tag: gossip.GossipMessage_EMPTY, Content: kinds[3].message.Content}).IsTagLegal(), "Tag should be CHAN_AND_ORG")
	require.EqualError(t, signed(&gossip.GossipMessage{Tag: gossip.GossipMessage_EMPTY, Content: kinds[8].message.Content}).IsTagLegal(), "Invalid PullMsgType: UNDEFINED")
	for tag, want := range map[gossip.GossipMessage_Tag][2]bool{
		gossip.GossipMessage_UNDEFINED: {}, gossip.GossipMessage_EMPTY: {}, gossip.GossipMessage_ORG_ONLY: {false, true},
		gossip.GossipMessage_CHAN_ONLY: {true, false}, gossip.GossipMessage_CHAN_AND_ORG: {true, true}, gossip.GossipMessage_CHAN_OR_ORG: {true, false},
	} {
		m := signed(&gossip.GossipMessage{Tag: tag})
		require.Equal(t, want, [2]bool{m.IsChannelRestricted(), m.IsOrgRestricted()}, tag.String())
	}
}

func TestSignVerifyAndSecret(t *testing.T) {
	m := signed(&gossip.GossipMessage{Nonce: 7, Content: kinds[0].message.Content})
	sign := func(b []byte) ([]byte, error) { return append([]byte("sig:"), b...), nil }
	verify := func(_, signature, message []byte) error {
		if string(signature) != "sig:"+string(message) {
			return errors.New("bad signature")
		}
		return nil
	}
	require.False(t, m.IsSigned())
	require.EqualError(t, m.Verify(nil, verify), "Missing envelope")
	require.EqualError(t, m.SignSecret(sign, &gossip.Secret{}), "nil envelope")
	_, err := m.ToGossipMessage()
	require.EqualError(t, err, "nil envelope")

	envelope, err := m.Sign(sign)
	require.NoError(t, err)
	require.Same(t, envelope, m.Envelope)
	require.True(t, m.IsSigned())
	require.NoError(t, m.Verify(nil, verify))
	secret := &gossip.Secret{Content: &gossip.Secret_InternalEndpoint{InternalEndpoint: "inside:1"}}
	require.NoError(t, m.SignSecret(sign, secret))
	require.NoError(t, m.Verify(nil, verify))
	kept := m.Envelope.SecretEnvelope
	_, err = m.Sign(sign)
	require.NoError(t, err)
	require.Same(t, kept, m.Envelope.SecretEnvelope, "signing again keeps the secret")

	m.Envelope.SecretEnvelope.Signature = []byte("forged")
	require.EqualError(t, m.Verify(nil, verify), "bad signature")
	m.Envelope.SecretEnvelope.Signature = nil
	require.EqualError(t, m.Verify(nil, verify), "Empty signature")
	m.Envelope.SecretEnvelope.Payload = nil
	require.EqualError(t, m.Verify(nil, verify), "Empty payload")
	m.Envelope.SecretEnvelope = nil
	m.Envelope.Signature = nil
	require.EqualError(t, m.Verify(nil, verify), "Empty signature")

	again, err := m.ToGossipMessage()
	require.NoError(t, err)
	require.Equal(t, uint64(7), again.Nonce)
	require.Same(t, m.Envelope, again.Envelope)
	again.Envelope.Payload = []byte{0xff}
	_, err = again.ToGossipMessage()
	require.ErrorContains(t, err, "Failed unmarshaling GossipMessage from envelope: ")

	refuse := errors.New("no key")
	_, err = m.Sign(func([]byte) ([]byte, error) { return nil, refuse })
	require.Equal(t, refuse, err)
	require.Nil(t, m.Envelope)
	_, err = signed(nil).Sign(sign)
	require.Error(t, err)
	noop, err := m.NoopSign()
	require.NoError(t, err)
	require.NotNil(t, noop.Envelope.Payload)
	require.Nil(t, noop.Envelope.Signature)
}

func TestReplacement(t *testing.T) {
	at := func(inc, seq uint64) *gossip.PeerTime { return &gossip.PeerTime{IncNum: inc, SeqNum: seq} }
	alive := func(id string, when *gossip.PeerTime) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_AliveMsg{AliveMsg: &gossip.AliveMessage{Membership: &gossip.Member{PkiId: []byte(id)}, Timestamp: when}}}
	}
	state := func(id string, when *gossip.PeerTime) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_StateInfo{StateInfo: &gossip.StateInfo{PkiId: []byte(id), Timestamp: when}}}
	}
	leader := func(id string, when *gossip.PeerTime) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_LeadershipMsg{LeadershipMsg: &gossip.LeadershipMessage{PkiId: []byte(id), Timestamp: when}}}
	}
	identity := func(id string) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_PeerIdentity{PeerIdentity: &gossip.PeerIdentity{PkiId: []byte(id)}}}
	}
	block := func(n uint64) *gossip.GossipMessage {
		return &gossip.GossipMessage{Content: &gossip.GossipMessage_DataMsg{DataMsg: &gossip.DataMessage{Payload: &gossip.Payload{SeqNum: n}}}}
	}
	const none, replaces, obsolete = common.MessageNoAction, common.MessageInvalidates, common.MessageInvalidated
	for _, c := range []struct {
		this, that *gossip.GossipMessage
		want       common.InvalidationResult
	}{
		{alive("a", at(2, 0)), alive("a", at(1, 9)), replaces},
		{alive("a", at(1, 2)), alive("a", at(1, 1)), replaces},
		{alive("a", at(1, 1)), alive("a", at(1, 1)), obsolete},
		{alive("a", at(1, 9)), alive("a", at(2, 0)), obsolete},
		{alive("a", at(2, 0)), alive("b", at(1, 0)), none},
		{state("a", at(1, 2)), state("a", at(1, 1)), replaces},
		{leader("a", at(1, 1)), leader("a", at(1, 2)), obsolete},
		{identity("a"), identity("a"), obsolete},
		{identity("a"), identity("b"), none},
		{block(7), block(7), obsolete},
		{block(7), block(2), none},
		{block(8), block(2), replaces},
		{block(2), block(8), obsolete},
		{block(0), block(1<<64 - 1), obsolete},
		{alive("a", at(1, 1)), state("a", at(1, 1)), none},
		{alive("", nil), &gossip.GossipMessage{Content: &gossip.GossipMessage_AliveMsg{AliveMsg: &gossip.AliveMessage{}}}, obsolete},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_DataMsg{DataMsg: &gossip.DataMessage{}}}, block(0), obsolete},
	} {
		got := gossip.NewGossipMessageComparator(5)(signed(c.this), signed(c.that))
		require.Equal(t, c.want, got, "%v against %v", c.this, c.that)
	}
}

func TestTextHidesContents(t *testing.T) {
	const secret = "TOP SECRET"
	for want, m := range map[string]*gossip.GossipMessage{
		"block: 10 bytes, number: 3":            {Content: &gossip.GossipMessage_DataMsg{DataMsg: &gossip.DataMessage{Payload: &gossip.Payload{SeqNum: 3, Data: []byte(secret)}}}},
		"BLOCK_MSG update: 1 items, nonce: 4":   {Content: &gossip.GossipMessage_DataUpdate{DataUpdate: &gossip.DataUpdate{Nonce: 4, MsgType: gossip.PullMsgType_BLOCK_MSG, Data: []*gossip.Envelope{{Payload: []byte(secret)}}}}},
		"membership: 1 alive, 0 dead":           {Content: &gossip.GossipMessage_MemRes{MemRes: &gossip.MembershipResponse{Alive: []*gossip.Envelope{{Payload: []byte(secret)}}}}},
		"state infos: 1":                        {Content: &gossip.GossipMessage_StateSnapshot{StateSnapshot: &gossip.StateInfoSnapshot{Elements: []*gossip.Envelope{{Payload: []byte(secret)}}}}},
		"state response: 1 payloads":            {Content: &gossip.GossipMessage_StateResponse{StateResponse: &gossip.RemoteStateResponse{Payloads: []*gossip.Payload{{Data: []byte(secret)}}}}},
		"with 1 payloads]":                      {Content: &gossip.GossipMessage_PrivateRes{PrivateRes: &gossip.RemotePvtDataResponse{Elements: []*gossip.PvtDataElement{{Payload: [][]byte{[]byte(secret)}}}}}},
		"private data: [<nil> with 0 payloads]": {Content: &gossip.GossipMessage_PrivateRes{PrivateRes: &gossip.RemotePvtDataResponse{Elements: []*gossip.PvtDataElement{nil}}}},
		"nonce: 9":                              {Nonce: 9, Content: &gossip.GossipMessage_DataMsg{DataMsg: &gossip.DataMessage{Payload: &gossip.Payload{}}}},
	} {
		text := signed(m).String()
		require.Contains(t, text, want)
		require.NotContains(t, text, secret)
		require.Contains(t, text, "Envelope: No envelope")
	}
	full := &gossip.SignedGossipMessage{Envelope: &gossip.Envelope{Payload: []byte("12"), Signature: []byte("123"), SecretEnvelope: &gossip.SecretEnvelope{Payload: []byte("1234")}}}
	require.Equal(t, "GossipMessage: No gossipMessage, Envelope: 2 bytes, signature: 3 bytes, secret: 4 bytes, its signature: 0 bytes", full.String())
	require.Equal(t, "host:1 [1 2]", (&gossip.ConnectionInfo{Endpoint: "host:1", ID: common.PKIidType{1, 2}}).String())
}
