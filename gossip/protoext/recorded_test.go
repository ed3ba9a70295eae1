// SPDX-License-Identifier: Apache-2.0

package protoext_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/ioutil"
	"math/big"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/protos/gossip"
	"github.com/hyperledger/fabric/protos/msp"
)

// recordedEnvelope is an envelope of a real network and what it is known to
// carry.
type recordedEnvelope struct {
	kind     string
	pullType gossip.PullMsgType
	tag      gossip.GossipMessage_Tag
	raw      []byte
}

func recordedEnvelopes(t testing.TB) []recordedEnvelope {
	text, err := ioutil.ReadFile("testdata/gossip-envelopes.txt")
	assert.NoError(t, err)
	var all []recordedEnvelope
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var r recordedEnvelope
		var encoded string
		_, err := fmt.Sscan(line, &r.kind, &r.pullType, &r.tag, &encoded)
		assert.NoError(t, err)
		r.raw, err = base64.StdEncoding.DecodeString(encoded)
		assert.NoError(t, err)
		all = append(all, r)
	}
	assert.Len(t, all, 19)
	return all
}

func (r recordedEnvelope) open(t testing.TB) *gossip.SignedGossipMessage {
	envelope := &gossip.Envelope{}
	assert.NoError(t, proto.Unmarshal(r.raw, envelope))
	m, err := protoext.EnvelopeToGossipMessage(envelope)
	assert.NoError(t, err, r.kind)
	assert.True(t, m.Envelope == envelope)
	return m
}

func TestRecordedEnvelopesAreWhatTheyAre(t *testing.T) {
	signed := map[string]bool{"alive_msg": true, "conn": true, "state_info": true, "leadership_msg": true}
	for _, r := range recordedEnvelopes(t) {
		m := r.open(t)
		assert.Equal(t, r.kind, protoext.Kind(m.GossipMessage))
		assert.Equal(t, r.pullType, protoext.GetPullMsgType(m.GossipMessage), r.kind)
		assert.Equal(t, r.tag, m.Tag, r.kind)
		assert.Equal(t, signed[r.kind], m.IsSigned(), r.kind)
		err := protoext.IsTagLegal(m.GossipMessage)
		if r.kind == "conn" {
			assert.Error(t, err, "handshakes never get that far")
		} else {
			assert.NoError(t, err, r.kind)
		}
		again, err := protoext.NoopSign(m.GossipMessage)
		assert.NoError(t, err)
		assert.Equal(t, m.Envelope.Payload, again.Envelope.Payload, "%s encodes as the network does", r.kind)
		assert.Equal(t, m.IsAliveMsg(), protoext.IsAliveMsg(m.GossipMessage))
	}
}

// verifyRecorded checks an ECDSA signature against the certificate in an
// identity.
func verifyRecorded(identity, signature, message []byte) error {
	serialized := &msp.SerializedIdentity{}
	if err := proto.Unmarshal(identity, serialized); err != nil {
		return err
	}
	block, _ := pem.Decode(serialized.IdBytes)
	if block == nil {
		return errors.New("no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return err
	}
	var parts struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &parts); err != nil {
		return err
	}
	sum := sha256.Sum256(message)
	if !ecdsa.Verify(cert.PublicKey.(*ecdsa.PublicKey), sum[:], parts.R, parts.S) {
		return errors.New("wrong signature")
	}
	return nil
}

func TestRecordedSignaturesVerify(t *testing.T) {
	verified := map[string]int{}
	verify := func(m *gossip.SignedGossipMessage, identity []byte) {
		assert.NoError(t, m.Verify(identity, verifyRecorded))
		verified[protoext.Kind(m.GossipMessage)]++
		secret := m.Envelope.SecretEnvelope
		if secret != nil {
			assert.Equal(t, "127.0.0.1:7151", protoext.InternalEndpoint(secret))
			verified["secret"]++
			secret.Signature = m.Envelope.Signature
			assert.Error(t, m.Verify(identity, verifyRecorded), "another signature beside the secret")
		}
		without := protoext.WithoutSecret(m.Envelope)
		assert.Nil(t, without.SecretEnvelope)
		assert.Equal(t, secret, m.Envelope.SecretEnvelope, "left alone")
		assert.NoError(t, (&gossip.SignedGossipMessage{Envelope: without}).Verify(identity, verifyRecorded))
		without.Payload = append([]byte{0}, without.Payload...)
		assert.Error(t, (&gossip.SignedGossipMessage{Envelope: without}).Verify(identity, verifyRecorded))
	}
	for _, r := range recordedEnvelopes(t) {
		m := r.open(t)
		if identity := m.GetAliveMsg().GetIdentity(); identity != nil {
			verify(m, identity)
		}
		if identity := m.GetConn().GetIdentity(); identity != nil {
			verify(m, identity)
		}
		if r.pullType == gossip.PullMsgType_IDENTITY_MSG {
			for _, item := range m.GetDataUpdate().GetData() {
				inner, err := protoext.EnvelopeToGossipMessage(item)
				assert.NoError(t, err)
				verify(inner, inner.GetPeerIdentity().GetCert())
			}
		}
	}
	assert.Equal(t, map[string]int{"alive_msg": 2, "conn": 1, "peer_identity": 1, "secret": 1}, verified)
}
