// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/channel"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
	"github.com/hyperledger/fabric/gossip/observe"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

func TestHostileForgedIdentity(t *testing.T) {
	s := newHostileScene(t, false)
	stranger := s.identified("A", "stranger")
	stranger.identity = []byte("issued by nobody")
	stranger.id = simcrypto.PKIID(stranger.identity)
	stranger.connect(func([]byte) *proto.Envelope { return stranger.signed(stranger.conn(nil)) })
	stranger.refused()
	s.counted(1, observe.Refused, "identity refused", "")

	unsigned := s.identified("A", "unsigned")
	unsigned.connect(func([]byte) *proto.Envelope {
		e := unsigned.signed(unsigned.conn(nil))
		e.Signature = []byte("no signature of anybody")
		return e
	})
	unsigned.refused()
	s.counted(1, observe.Refused, "bad signature", "")

	// Who is connected vouches for nobody.
	insider := s.intruder("A", "insider")
	forged := func(a *proto.AliveMessage) { a.Membership.PkiId, a.Identity = stranger.id, stranger.identity }
	insider.post(s.signedBy(stranger.identity, insider.alive(1, 1, forged)))
	s.counted(1, observe.Rejected, badIdentity, "alive_msg")
	require.Nil(t, s.victim.disc.Lookup(stranger.id))
	s.undisturbed()
}

func TestHostileReplayedHandshake(t *testing.T) {
	s := newHostileScene(t, true)
	// What the honest peer sends when it connects, word for word, on a connection
	// with another TLS certificate.
	certificate := s.honest.conf.TLSCerts.TLSClientCert.Load()
	sum := sha256.Sum256(certificate.(*tls.Certificate).Certificate[0])
	thief := s.identified("A", "honest")
	require.Equal(t, s.honest.comm.GetPKIid(), thief.id)
	thief.connect(func([]byte) *proto.Envelope { return thief.signed(thief.conn(sum[:])) })
	thief.refused()
	s.counted(1, observe.Refused, "TLS binding", "")

	// Nor does one without any binding get in.
	thief = s.identified("A", "honest")
	thief.connect(func([]byte) *proto.Envelope { return thief.signed(thief.conn(nil)) })
	thief.refused()
	s.counted(2, observe.Refused, "TLS binding", "")
	s.undisturbed()
}

func TestHostileStolenPKIID(t *testing.T) {
	s := newHostileScene(t, false)
	owner := s.honest.comm.GetPKIid()
	thief := s.identified("A", "thief")
	thief.connect(func([]byte) *proto.Envelope {
		conn := thief.conn(nil)
		conn.GetConn().PkiId = owner
		return thief.signed(conn)
	})
	thief.refused()
	s.counted(1, observe.Refused, "identity refused", "")

	insider := s.intruder("A", "insider")
	before := s.victim.disc.Lookup(owner).Endpoint
	steal := func(a *proto.AliveMessage) { a.Membership.PkiId, a.Membership.Endpoint = owner, "127.0.0.1:2" }
	const later = math.MaxInt64
	// With its own identity, which is not the one of that PKI-ID.
	insider.post(insider.signed(insider.alive(later, 1, steal)))
	s.counted(1, observe.Rejected, badIdentity, "alive_msg")
	// With the owner's, and with none: the signature is not the owner's.
	insider.post(insider.signed(insider.alive(later, 2, steal, func(a *proto.AliveMessage) { a.Identity = s.honest.identity })))
	insider.post(insider.signed(insider.alive(later, 3, steal, func(a *proto.AliveMessage) { a.Identity = nil })))
	s.counted(2, observe.Rejected, badSignature, "alive_msg")
	// Introducing itself by what the owner has signed.
	insider.say(hostileMemReq(1, s.signedBy(s.honest.identity, insider.alive(later, 4, steal))))
	s.counted(1, observe.Rejected, foreignRequest, "mem_req")
	// In the owner's name about the channel.
	info := insider.stateInfo(hostileChannel, 1)
	info.GetStateInfo().PkiId = owner
	info.GetStateInfo().Timestamp.IncNum = later
	info.GetStateInfo().Channel_MAC = channel.GenerateMAC(owner, common.ChainID(hostileChannel))
	insider.post(insider.signed(info))
	s.counted(1, observe.Rejected, "not a reader of the channel", "state_info")
	insider.post(insider.signed(hostileLeadership(owner)))
	s.counted(1, observe.Rejected, badSignature, "leadership_msg")
	require.Equal(t, before, s.victim.disc.Lookup(owner).Endpoint)
	s.undisturbed()
}

func TestHostileReSignedAliveWithOldIncarnation(t *testing.T) {
	s := newHostileScene(t, false)
	insider := s.intruder("A", "insider")
	at := func(endpoint string) func(*proto.AliveMessage) {
		return func(a *proto.AliveMessage) { a.Membership.Endpoint = endpoint }
	}
	insider.post(insider.signed(insider.alive(5, 5, at("127.0.0.1:5"))))
	s.knows(insider)
	for i, old := range [][2]uint64{{4, 9}, {5, 5}, {5, 4}, {0, 0}} {
		insider.post(insider.signed(insider.alive(old[0], old[1], at("127.0.0.1:4"))))
		s.counted(i+1, observe.Dropped, "not newer", "alive_msg")
	}
	require.Equal(t, "127.0.0.1:5", s.victim.disc.Lookup(insider.id).Endpoint)
	s.undisturbed()
}

func TestHostileMembershipFlood(t *testing.T) {
	s := newHostileScene(t, false)
	insider := s.intruder("A", "insider")
	const crowd, messages = 500, 20
	for i := 0; i < messages; i++ {
		response := &proto.MembershipResponse{}
		for j := 0; j < crowd; j++ {
			made := simcrypto.Identity("A", fmt.Sprintf("made up %d-%d", i, j), 0)
			alive := insider.alive(1, 1, func(a *proto.AliveMessage) { a.Membership.PkiId, a.Identity = simcrypto.PKIID(made), made })
			response.Alive = append(response.Alive, insider.signed(alive)) // nobody else has a key
			response.Dead = append(response.Dead, response.Alive[j])
		}
		insider.say(&proto.GossipMessage{Tag: proto.GossipMessage_EMPTY, Content: &proto.GossipMessage_MemRes{MemRes: response}})
	}
	s.undisturbed()
	s.counted(crowd, observe.Rejected, badSignature, "alive_msg")
	require.Len(t, s.victim.Peers(), 1)
}

func TestHostileDigestFlood(t *testing.T) {
	s := newHostileScene(t, false)
	insider := s.intruder("A", "insider")
	insider.post(insider.signed(insider.stateInfo(hostileChannel, 1)))
	var digests [][]byte
	for i := 0; i < 20000; i++ {
		digests = append(digests, []byte(fmt.Sprint(1000+i)))
	}
	const floods = 10
	for nonce := uint64(1); nonce <= floods; nonce++ {
		for _, kind := range []struct {
			pull    proto.PullMsgType
			tag     proto.GossipMessage_Tag
			channel []byte
		}{{proto.PullMsgType_BLOCK_MSG, proto.GossipMessage_CHAN_AND_ORG, []byte(hostileChannel)}, {proto.PullMsgType_IDENTITY_MSG, proto.GossipMessage_EMPTY, nil}} {
			insider.say(&proto.GossipMessage{Tag: kind.tag, Channel: kind.channel, Content: &proto.GossipMessage_DataDig{
				DataDig: &proto.DataDigest{Nonce: nonce, MsgType: kind.pull, Digests: digests}}})
		}
	}
	s.counted(2*floods, observe.Dropped, "digest not asked for, or too late", "data_dig")
	s.undisturbed()
}

func TestHostileOversize(t *testing.T) {
	s := newHostileScene(t, false)
	// More than the node's server takes in one message.
	insider := s.intruder("A", "insider")
	huge := hostileBlock(hostileChannel, 99)
	huge.GetDataMsg().Payload.Data = make([]byte, 5<<20)
	insider.say(huge)
	insider.refused()
	s.counted(1, observe.Disconnected, "read error", "")
	s.undisturbed()

	// A handshake has no reason to be long.
	stranger := s.identified("A", "stranger")
	stranger.identity = simcrypto.Identity("A", string(make([]byte, 3<<20)), 0)
	stranger.id = simcrypto.PKIID(stranger.identity)
	stranger.connect(func([]byte) *proto.Envelope { return stranger.signed(stranger.conn(nil)) })
	stranger.refused()
	s.counted(1, observe.Refused, "oversize", "")
	s.undisturbed()
}

func TestHostileBlockFromANonMember(t *testing.T) {
	s := newHostileScene(t, false)
	outsider := s.intruder("C", "outsider") // a good identity, but not of the channel
	outsider.say(hostileBlock(hostileChannel, 7))
	s.counted(1, observe.Rejected, "organization not in channel", "data_msg")
	// Nor a block of another channel, nor one that nobody ordered, from a member.
	insider := s.intruder("A", "insider")
	other := hostileBlock("other", 7)
	other.Channel = []byte(hostileChannel)
	insider.say(other)
	s.counted(1, observe.Rejected, "block does not verify", "data_msg")
	s.undisturbed()
}

func TestHostileWrongChannelMAC(t *testing.T) {
	s := newHostileScene(t, false)
	outsider := s.intruder("B", "outsider")
	lost, _ := s.watch.count(observe.Dropped, foreignRelay, "state_info")
	outsider.post(outsider.signed(outsider.stateInfo("other", 1)))
	s.counted(lost+1, observe.Dropped, foreignRelay, "state_info")
	// The MAC of the channel, but with another peer's PKI-ID.
	stolen := outsider.stateInfo(hostileChannel, 2)
	stolen.GetStateInfo().Channel_MAC = channel.GenerateMAC(s.honest.comm.GetPKIid(), common.ChainID(hostileChannel))
	outsider.post(outsider.signed(stolen))
	s.counted(lost+2, observe.Dropped, foreignRelay, "state_info")
	for i, mac := range [][]byte{nil, {1}, channel.GenerateMAC(s.honest.comm.GetPKIid(), common.ChainID(hostileChannel)), make([]byte, 1<<20)} {
		outsider.say(&proto.GossipMessage{Tag: proto.GossipMessage_CHAN_OR_ORG, Content: &proto.GossipMessage_StateInfoPullReq{
			StateInfoPullReq: &proto.StateInfoPullRequest{Channel_MAC: mac}}})
		s.counted(i+1, observe.Dropped, notJoined, "state_info_pull_req")
	}
	s.undisturbed()
}

func TestHostileSecretEnvelopeMismatch(t *testing.T) {
	s := newHostileScene(t, false)
	insider := s.intruder("A", "insider")
	secret := insider.secret(insider, "127.0.0.1:7")
	counts := map[string]int{}
	for i, bad := range []struct {
		reason string
		secret *proto.SecretEnvelope
	}{
		{badSecret, insider.secret(s.identified("A", "somebody else"), "127.0.0.1:7")},
		{badSecret, &proto.SecretEnvelope{Payload: append([]byte{0}, secret.Payload...), Signature: secret.Signature}},
		{badSecret, &proto.SecretEnvelope{Payload: secret.Payload, Signature: append([]byte{0}, secret.Signature...)}},
		{malformed, &proto.SecretEnvelope{Payload: secret.Payload}},
		{malformed, &proto.SecretEnvelope{Signature: secret.Signature}},
		{malformed, &proto.SecretEnvelope{}},
	} {
		e := insider.signed(insider.alive(1, uint64(10+i)))
		e.SecretEnvelope = bad.secret
		insider.post(e)
		counts[bad.reason]++
		s.counted(counts[bad.reason], observe.Rejected, bad.reason, "alive_msg")
	}
	require.Nil(t, s.victim.disc.Lookup(insider.id))
	s.undisturbed()
}
