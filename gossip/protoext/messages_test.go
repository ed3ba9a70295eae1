// SPDX-License-Identifier: Apache-2.0

package protoext_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/protos/gossip"
)

// question is one of the functions that tell kinds apart.
type question struct {
	name string
	ask  func(*gossip.GossipMessage) bool
}

var questions = []question{
	{"alive", protoext.IsAliveMsg},
	{"data", protoext.IsDataMsg},
	{"state info", protoext.IsStateInfoMsg},
	{"state info request", protoext.IsStateInfoPullRequestMsg},
	{"snapshot", protoext.IsStateInfoSnapshot},
	{"identity", protoext.IsIdentityMsg},
	{"hello", protoext.IsHelloMsg},
	{"digest", protoext.IsDigestMsg},
	{"request", protoext.IsDataReq},
	{"update", protoext.IsDataUpdate},
	{"leadership", protoext.IsLeadershipMsg},
	{"ack", protoext.IsAck},
	{"pull", protoext.IsPullMsg},
	{"remote state", protoext.IsRemoteStateMessage},
	{"private", protoext.IsPrivateDataMsg},
}

// kindCase is a message with nothing in it but its kind.
type kindCase struct {
	message *gossip.GossipMessage
	kind    string
	yes     string // the questions that it answers with yes
	tag     gossip.GossipMessage_Tag
}

// kindCases are messages of every kind, each with the tag that it must carry;
// UNDEFINED where there is none.
func kindCases() []kindCase {
	const block, identity = gossip.PullMsgType_BLOCK_MSG, gossip.PullMsgType_IDENTITY_MSG
	const channelAndOrg, channelOrOrg = gossip.GossipMessage_CHAN_AND_ORG, gossip.GossipMessage_CHAN_OR_ORG
	const empty, none = gossip.GossipMessage_EMPTY, gossip.GossipMessage_UNDEFINED
	return []kindCase{
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_AliveMsg{AliveMsg: &gossip.AliveMessage{}}}, "alive_msg", "alive", empty},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_MemReq{MemReq: &gossip.MembershipRequest{}}}, "mem_req", "", empty},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_MemRes{MemRes: &gossip.MembershipResponse{}}}, "mem_res", "", empty},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_DataMsg{DataMsg: &gossip.DataMessage{}}}, "data_msg", "data", channelAndOrg},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_Hello{Hello: &gossip.GossipHello{MsgType: block}}}, "hello", "hello pull", channelAndOrg},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_DataDig{DataDig: &gossip.DataDigest{MsgType: identity}}}, "data_dig", "digest pull", empty},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_DataReq{DataReq: &gossip.DataRequest{MsgType: block}}}, "data_req", "request pull", channelAndOrg},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_DataUpdate{DataUpdate: &gossip.DataUpdate{MsgType: identity}}}, "data_update", "update pull", empty},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_DataUpdate{DataUpdate: &gossip.DataUpdate{}}}, "data_update", "update pull", none},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_Hello{Hello: &gossip.GossipHello{MsgType: 77}}}, "hello", "hello pull", none},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_Empty{Empty: &gossip.Empty{}}}, "empty", "", none},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_Conn{Conn: &gossip.ConnEstablish{}}}, "conn", "", none},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_StateInfo{StateInfo: &gossip.StateInfo{}}}, "state_info", "state info", channelOrOrg},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_StateSnapshot{StateSnapshot: &gossip.StateInfoSnapshot{}}}, "state_snapshot", "snapshot", channelOrOrg},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_StateInfoPullReq{StateInfoPullReq: &gossip.StateInfoPullRequest{}}}, "state_info_pull_req", "state info request", channelOrOrg},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_StateRequest{StateRequest: &gossip.RemoteStateRequest{}}}, "state_request", "remote state", channelOrOrg},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_StateResponse{StateResponse: &gossip.RemoteStateResponse{}}}, "state_response", "remote state", channelOrOrg},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_LeadershipMsg{LeadershipMsg: &gossip.LeadershipMessage{}}}, "leadership_msg", "leadership", channelAndOrg},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_PeerIdentity{PeerIdentity: &gossip.PeerIdentity{}}}, "peer_identity", "identity", gossip.GossipMessage_ORG_ONLY},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_Ack{Ack: &gossip.Acknowledgement{}}}, "ack", "ack", none},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_PrivateReq{PrivateReq: &gossip.RemotePvtDataRequest{}}}, "private_req", "private", none},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_PrivateRes{PrivateRes: &gossip.RemotePvtDataResponse{}}}, "private_res", "private", none},
		{&gossip.GossipMessage{Content: &gossip.GossipMessage_PrivateData{PrivateData: &gossip.PrivateDataMessage{}}}, "private_data", "private", none},
		{&gossip.GossipMessage{}, "none", "", none},
		{nil, "none", "", none},
	}
}

func TestKinds(t *testing.T) {
	for _, c := range kindCases() {
		assert.Equal(t, c.kind, protoext.Kind(c.message))
		var yes []string
		for _, q := range questions {
			if q.ask(c.message) {
				yes = append(yes, q.name)
			}
		}
		assert.Equal(t, c.yes, strings.Join(yes, " "), c.kind)
	}
	missing := &gossip.GossipMessage{Content: &gossip.GossipMessage_AliveMsg{}}
	assert.False(t, protoext.IsAliveMsg(missing), "announced, but not there")
}

func TestTags(t *testing.T) {
	for _, c := range kindCases() {
		if c.message == nil {
			continue
		}
		for tag := gossip.GossipMessage_UNDEFINED; tag <= gossip.GossipMessage_CHAN_OR_ORG+1; tag++ {
			c.message.Tag = tag
			err := protoext.IsTagLegal(c.message)
			legal := tag == c.tag && tag != gossip.GossipMessage_UNDEFINED
			assert.Equal(t, legal, err == nil, "%s with tag %s: %v", c.kind, tag, err)
			if !legal && c.tag != gossip.GossipMessage_UNDEFINED && tag != gossip.GossipMessage_UNDEFINED {
				assert.EqualError(t, err, "Tag should be "+c.tag.String())
			}
		}
	}
	assert.EqualError(t, protoext.IsTagLegal(nil), "Undefined tag")
	for tag, want := range map[gossip.GossipMessage_Tag][2]bool{
		gossip.GossipMessage_UNDEFINED:    {false, false},
		gossip.GossipMessage_EMPTY:        {false, false},
		gossip.GossipMessage_ORG_ONLY:     {false, true},
		gossip.GossipMessage_CHAN_ONLY:    {true, false},
		gossip.GossipMessage_CHAN_AND_ORG: {true, true},
		gossip.GossipMessage_CHAN_OR_ORG:  {true, false},
	} {
		m := &gossip.GossipMessage{Tag: tag}
		assert.Equal(t, want, [2]bool{protoext.IsChannelRestricted(m), protoext.IsOrgRestricted(m)}, tag.String())
	}
	assert.False(t, protoext.IsChannelRestricted(nil))
	assert.False(t, protoext.IsOrgRestricted(nil))
}

func TestEnvelopes(t *testing.T) {
	m := &gossip.GossipMessage{Nonce: 5, Tag: gossip.GossipMessage_EMPTY}
	signed, err := protoext.Sign(m, func(payload []byte) ([]byte, error) { return append([]byte("signed "), payload...), nil })
	assert.NoError(t, err)
	assert.True(t, signed.GossipMessage == m)
	assert.Equal(t, "signed "+string(signed.Envelope.Payload), string(signed.Envelope.Signature))
	back, err := protoext.EnvelopeToGossipMessage(signed.Envelope)
	assert.NoError(t, err)
	assert.True(t, proto.Equal(m, back.GossipMessage))

	unsigned, err := protoext.NoopSign(m)
	assert.NoError(t, err)
	assert.Equal(t, signed.Envelope.Payload, unsigned.Envelope.Payload)
	assert.Nil(t, unsigned.Envelope.Signature)

	broken := func([]byte) ([]byte, error) { return nil, errors.New("the key is lost") }
	_, err = protoext.Sign(m, broken)
	assert.EqualError(t, err, "the key is lost")
	for _, bad := range []*gossip.GossipMessage{nil, {Content: &gossip.GossipMessage_Ack{Ack: &gossip.Acknowledgement{Error: "\xff"}}}} {
		_, err = protoext.Sign(bad, broken)
		assert.Error(t, err)
		wrapped, err := protoext.NoopSign(bad)
		assert.Error(t, err)
		assert.NotNil(t, wrapped)
		assert.Nil(t, wrapped.Envelope)
	}

	_, err = protoext.EnvelopeToGossipMessage(nil)
	assert.EqualError(t, err, "nil envelope")
	_, err = protoext.EnvelopeToGossipMessage(&gossip.Envelope{Payload: []byte{0xff}})
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "Failed unmarshaling GossipMessage from envelope: ")
	nothing, err := protoext.EnvelopeToGossipMessage(&gossip.Envelope{})
	assert.NoError(t, err)
	assert.Equal(t, "none", protoext.Kind(nothing.GossipMessage))
}

func TestSecrets(t *testing.T) {
	secret := &gossip.Secret{Content: &gossip.Secret_InternalEndpoint{InternalEndpoint: "inside:7051"}}
	sign := func(payload []byte) ([]byte, error) { return []byte("signature"), nil }
	broken := func([]byte) ([]byte, error) { return nil, errors.New("the key is lost") }

	e := &gossip.Envelope{Payload: []byte("payload"), Signature: []byte("outer")}
	assert.True(t, protoext.WithoutSecret(e) == e)
	assert.NoError(t, protoext.SignSecret(e, sign, secret))
	assert.Equal(t, "inside:7051", protoext.InternalEndpoint(e.SecretEnvelope))
	assert.Equal(t, "signature", string(e.SecretEnvelope.Signature))
	assert.Equal(t, "outer", string(e.Signature))

	before := e.SecretEnvelope
	assert.EqualError(t, protoext.SignSecret(e, broken, secret), "the key is lost")
	assert.Error(t, protoext.SignSecret(e, sign, nil))
	assert.Error(t, protoext.SignSecret(e, sign, &gossip.Secret{Content: &gossip.Secret_InternalEndpoint{InternalEndpoint: "\xff"}}))
	assert.True(t, e.SecretEnvelope == before, "kept when another cannot be made")
	assert.EqualError(t, protoext.SignSecret(nil, sign, secret), "nil envelope")

	assert.Equal(t, "", protoext.InternalEndpoint(nil))
	assert.Equal(t, "", protoext.InternalEndpoint(&gossip.SecretEnvelope{}))
	assert.Equal(t, "", protoext.InternalEndpoint(&gossip.SecretEnvelope{Payload: []byte{0xff}}))
	assert.Nil(t, protoext.WithoutSecret(nil))
}

func TestDigests(t *testing.T) {
	height, err := protoext.LedgerHeight(&gossip.StateInfo{Properties: &gossip.Properties{LedgerHeight: 3}})
	assert.NoError(t, err)
	assert.Equal(t, uint64(3), height)
	for _, silent := range []*gossip.StateInfo{nil, {}} {
		_, err = protoext.LedgerHeight(silent)
		assert.EqualError(t, err, "properties undefined")
	}

	hash, err := protoext.DigestHash(&gossip.PvtDataDigest{})
	assert.NoError(t, err)
	assert.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", hash)
	// SHA-256 of 0a 01 'a' 12 01 'b' 1a 01 'c' 20 01 28 02
	hash, err = protoext.DigestHash(&gossip.PvtDataDigest{TxId: "a", Namespace: "b", Collection: "c", BlockSeq: 1, SeqInBlock: 2})
	assert.NoError(t, err)
	assert.Equal(t, "b39f01d0f4c647cb843bacb6a6a07281a15ea89c4433cd3a6c923300e10b97ad", hash)
	for _, bad := range []*gossip.PvtDataDigest{nil, {TxId: "\xff"}} {
		_, err = protoext.DigestHash(bad)
		assert.Error(t, err)
	}

	digests := [][]byte{[]byte("12"), nil}
	assert.Equal(t, []string{"3132", ""}, protoext.FormattedDigests(gossip.PullMsgType_IDENTITY_MSG, digests))
	assert.Equal(t, []string{"12", ""}, protoext.FormattedDigests(gossip.PullMsgType_BLOCK_MSG, digests))
	assert.Equal(t, []string{}, protoext.FormattedDigests(gossip.PullMsgType_BLOCK_MSG, nil))
}

func TestDescriptionsHideContents(t *testing.T) {
	block := &gossip.GossipMessage{Nonce: 4, Channel: []byte("ch\n1"), Tag: gossip.GossipMessage_CHAN_AND_ORG,
		Content: &gossip.GossipMessage_DataMsg{DataMsg: &gossip.DataMessage{Payload: &gossip.Payload{SeqNum: 7, Data: []byte("CONTENT")}}}}
	wrapped := &gossip.SignedGossipMessage{GossipMessage: block, Envelope: &gossip.Envelope{Payload: make([]byte, 30), Signature: make([]byte, 70)}}
	assert.Equal(t, `data_msg with block 7 of channel "ch\n1", tag CHAN_AND_ORG, nonce 4, 30 bytes, signature of 70`, protoext.Describe(wrapped))
	for _, c := range kindCases() {
		text := protoext.Describe(&gossip.SignedGossipMessage{GossipMessage: c.message})
		assert.True(t, strings.HasPrefix(text, c.kind) && strings.HasSuffix(text, ", no envelope"), text)
	}
	assert.Equal(t, "no message", protoext.Describe(nil))

	answer := &gossip.RemotePvtDataResponse{Elements: []*gossip.PvtDataElement{
		{Digest: &gossip.PvtDataDigest{TxId: "tx", Namespace: "ns", Collection: "c", BlockSeq: 8, SeqInBlock: 1}, Payload: [][]byte{[]byte("CONTENT"), nil}},
		nil,
	}}
	assert.Equal(t, `[collection "c" of namespace "ns", transaction "tx" (1 in block 8): 2 payloads; `+
		`collection "" of namespace "", transaction "" (0 in block 0): 0 payloads]`, protoext.DescribePrivateData(answer))
	assert.Equal(t, "[]", protoext.DescribePrivateData(nil))
}
