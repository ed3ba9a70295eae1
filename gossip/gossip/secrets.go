// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"
	"sync"

	"github.com/pkg/errors"
	"go.uber.org/zap/zapcore"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// signedSecret is the node's internal endpoint, signed once: every heartbeat
// carries the same one.
type signedSecret struct {
	mutex    sync.Mutex
	endpoint string                // guarded by mutex
	envelope *proto.SecretEnvelope // guarded by mutex; nil if there is none yet
}

// of returns nil if the secret cannot be signed: a message without it is better
// than none.
func (s *signedSecret) of(endpoint string, sign proto.Signer) *proto.SecretEnvelope {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.envelope == nil || s.endpoint != endpoint {
		carrier := &proto.Envelope{}
		secret := &proto.Secret{Content: &proto.Secret_InternalEndpoint{InternalEndpoint: endpoint}}
		if err := protoext.SignSecret(carrier, sign, secret); err != nil {
			return nil
		}
		s.endpoint, s.envelope = endpoint, carrier.SecretEnvelope
	}
	return &proto.SecretEnvelope{Payload: s.envelope.Payload, Signature: s.envelope.Signature}
}

// maxSecrets bounds how many secrets are remembered.
const maxSecrets = 8192

// verifiedSecrets remembers the last secret of each peer of which the signature
// held: the peer sends the same one with every heartbeat.
type verifiedSecrets struct {
	mutex   sync.Mutex
	secrets map[string]*proto.SecretEnvelope // by PKI-ID; guarded by mutex
}

func newVerifiedSecrets() *verifiedSecrets {
	return &verifiedSecrets{secrets: map[string]*proto.SecretEnvelope{}}
}

func (v *verifiedSecrets) has(pkiID common.PKIidType, secret *proto.SecretEnvelope) bool {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	known := v.secrets[string(pkiID)]
	return known != nil && bytes.Equal(known.Payload, secret.Payload) && bytes.Equal(known.Signature, secret.Signature)
}

func (v *verifiedSecrets) note(pkiID common.PKIidType, secret *proto.SecretEnvelope) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	if _, known := v.secrets[string(pkiID)]; !known && len(v.secrets) >= maxSecrets {
		v.secrets = map[string]*proto.SecretEnvelope{}
	}
	v.secrets[string(pkiID)] = &proto.SecretEnvelope{
		Payload:   append([]byte(nil), secret.Payload...),
		Signature: append([]byte(nil), secret.Signature...),
	}
}

// forget is called when the identity of a peer has left.
func (v *verifiedSecrets) forget(pkiID common.PKIidType) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	delete(v.secrets, string(pkiID))
}

// checkAlive checks that a well-formed alive message was made by the peer that
// it names.
func (g *gossipServiceImpl) checkAlive(m *proto.SignedGossipMessage) (reason string, err error) {
	alive := m.GetAliveMsg()
	pkiID := common.PKIidType(alive.Membership.PkiId)
	identity := api.PeerIdentityType(alive.Identity)
	if len(identity) > 0 {
		if err := g.idMapper.Put(pkiID, identity); err != nil {
			return badIdentity, err
		}
	} else if identity, err = g.idMapper.Get(pkiID); err != nil {
		g.pullFrom.noteMissing()
		return unknownSigner, err
	}
	if len(m.Envelope.Payload) == 0 {
		return malformed, errors.New("empty payload")
	}
	if err := g.mcs.Verify(identity, m.Envelope.Signature, m.Envelope.Payload); err != nil {
		return badSignature, err
	}
	if secret := m.Envelope.SecretEnvelope; secret != nil {
		return g.checkSecret(pkiID, identity, secret)
	}
	return "", nil
}

func (g *gossipServiceImpl) checkSecret(pkiID common.PKIidType, identity api.PeerIdentityType, secret *proto.SecretEnvelope) (reason string, err error) {
	if len(secret.Payload) == 0 || len(secret.Signature) == 0 {
		return malformed, errors.New("incomplete secret")
	}
	if g.secrets.has(pkiID, secret) {
		return "", nil
	}
	if err := g.mcs.Verify(identity, secret.Signature, secret.Payload); err != nil {
		return badSecret, err
	}
	g.secrets.note(pkiID, secret)
	return "", nil
}

// noteAlive notes that an alive message does not hold.
func (g *gossipServiceImpl) noteAlive(m *proto.SignedGossipMessage, reason string, err error) {
	subject := m.GetAliveMsg().Membership
	g.hook.Observe(observe.Event{Kind: observe.Rejected, Reason: reason, Peer: subject.PkiId, Message: protoext.Kind(m.GossipMessage), Err: err})
	if g.logger.IsEnabledFor(zapcore.DebugLevel) {
		g.logger.Debugf("Rejected an alive message of the peer at [%s], %s: %v", subject.Endpoint, reason, err)
	}
}
