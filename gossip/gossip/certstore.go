// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"
	"encoding/hex"
	"github.com/pkg/errors"
	"go.uber.org/zap/zapcore"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/pull"
	"github.com/hyperledger/fabric/gossip/identity"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/gossip/util"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// certStore lets peers pull identities from the node, and watches over those
// that the node pulls: only an identity that its owner signed, and that is
// valid, gets to the mediator.
type certStore struct {
	selfIdentity api.PeerIdentityType
	idMapper     identity.Mapper
	pull         pull.Mediator
	logger       util.Logger
	mcs          api.MessageCryptoService
	hook         *observe.Hook // set before the first message
}

// newCertStore makes a store that offers the node's own identity; if that cannot
// be signed or is not acceptable, it panics.
func newCertStore(puller pull.Mediator, idMapper identity.Mapper, selfIdentity api.PeerIdentityType, mcs api.MessageCryptoService) *certStore {
	selfPKIID := idMapper.GetPKIidOfCert(selfIdentity)
	cs := &certStore{
		selfIdentity: selfIdentity,
		idMapper:     idMapper,
		pull:         puller,
		logger:       util.GetLogger(util.LoggingGossipModule, hex.EncodeToString(selfPKIID)),
		mcs:          mcs,
		hook:         &observe.Hook{},
	}
	if err := idMapper.Put(selfPKIID, selfIdentity); err != nil {
		cs.logger.Panicf("The peer's own identity is not acceptable: %v", err)
	}
	self, err := cs.ownIdentityMessage(selfPKIID)
	if err != nil {
		cs.logger.Panicf("The peer cannot sign its own identity: %v", err)
	}
	puller.Add(self)
	return cs
}

// ownIdentityMessage is the node's identity as others pull it.
func (cs *certStore) ownIdentityMessage(pkiID common.PKIidType) (*proto.SignedGossipMessage, error) {
	return protoext.Sign(&proto.GossipMessage{
		Tag:     proto.GossipMessage_EMPTY,
		Content: &proto.GossipMessage_PeerIdentity{PeerIdentity: &proto.PeerIdentity{PkiId: pkiID, Cert: cs.selfIdentity}},
	}, cs.idMapper.Sign)
}

// handleMessage handles a message of the pull of identities.
func (cs *certStore) handleMessage(m proto.ReceivedMessage) {
	if update := m.GetGossipMessage().GetDataUpdate(); update != nil {
		sound := cs.sound(update.Data)
		switch {
		case len(sound) == 0 && len(update.Data) > 0:
			return
		case !sameElements(sound, update.Data):
			m = withData(m, sound)
		}
	}
	cs.pull.HandleMessage(m)
}

func sameElements(a, b []*proto.Envelope) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// sound returns the elements of an update that are identities as they should be.
func (cs *certStore) sound(elements []*proto.Envelope) []*proto.Envelope {
	var sound []*proto.Envelope
	for _, element := range elements {
		if reason, err := cs.check(element); err != nil {
			cs.hook.Observe(observe.Event{Kind: observe.Rejected, Reason: reason, Message: "peer_identity", Err: err})
			if cs.logger.IsEnabledFor(zapcore.DebugLevel) {
				cs.logger.Debugf("Rejected a pulled identity, %s: %v", reason, err)
			}
			continue
		}
		// No signature covers a secret, and no identity has one.
		sound = append(sound, protoext.WithoutSecret(element))
	}
	return sound
}

// check checks that an envelope holds an identity, signed by its owner, that is
// the one of its PKI-ID and is valid.
func (cs *certStore) check(element *proto.Envelope) (reason string, err error) {
	m, err := protoext.EnvelopeToGossipMessage(element)
	if err != nil {
		return malformed, err
	}
	if !protoext.IsIdentityMsg(m.GossipMessage) {
		return malformed, errors.New("not an identity")
	}
	if err := protoext.CheckShape(m.GossipMessage); err != nil {
		return malformed, err
	}
	item := m.GetPeerIdentity()
	if !bytes.Equal(cs.mcs.GetPKIidOfCert(item.Cert), item.PkiId) {
		return badIdentity, errors.New("the PKI-ID is not the one of the identity")
	}
	verify := func(identity []byte, signature, message []byte) error {
		return cs.mcs.Verify(api.PeerIdentityType(identity), signature, message)
	}
	if err := m.Verify(item.Cert, verify); err != nil {
		return badSignature, err
	}
	if err := cs.mcs.ValidateIdentity(item.Cert); err != nil {
		return badIdentity, err
	}
	return "", nil
}

// suspectPeers validates again the identities that are suspected.
func (cs *certStore) suspectPeers(isSuspected api.PeerSuspector) {
	cs.idMapper.SuspectPeers(isSuspected)
}

// stop ends the pull; identities do not leave by themselves any more.
func (cs *certStore) stop() {
	cs.pull.Stop()
	cs.idMapper.Stop()
}

// replaced is a received message with other content, from the same peer.
type replaced struct {
	proto.ReceivedMessage
	content *proto.SignedGossipMessage
}

func (r *replaced) GetGossipMessage() *proto.SignedGossipMessage { return r.content }

// withData is an update with other data. The original, which others may be
// reading, stays as it is.
func withData(m proto.ReceivedMessage, data []*proto.Envelope) proto.ReceivedMessage {
	original := m.GetGossipMessage()
	update := original.GetDataUpdate()
	return &replaced{m, &proto.SignedGossipMessage{
		Envelope: original.Envelope,
		GossipMessage: &proto.GossipMessage{
			Nonce:   original.Nonce,
			Channel: original.Channel,
			Tag:     original.Tag,
			Content: &proto.GossipMessage_DataUpdate{
				DataUpdate: &proto.DataUpdate{Nonce: update.Nonce, MsgType: update.MsgType, Data: data},
			},
		},
	}}
}

// newCertPuller makes the mediator that pulls identities.
func (g *gossipServiceImpl) newCertPuller() pull.Mediator {
	return pull.NewPullMediator(pull.Config{
		MsgType:           proto.PullMsgType_IDENTITY_MSG,
		Channel:           []byte(""),
		ID:                g.conf.InternalEndpoint,
		PeerCountToSelect: g.conf.PullPeerNum,
		PullInterval:      g.conf.PullInterval,
		Tag:               proto.GossipMessage_EMPTY,
	}, &pull.PullAdapter{
		Sndr:   g.comm,
		MemSvc: g.pullFrom,
		IdExtractor: func(m *proto.SignedGossipMessage) string {
			return string(m.GetPeerIdentity().GetPkiId())
		},
		MsgCons: func(m *proto.SignedGossipMessage) {
			item := m.GetPeerIdentity()
			if item == nil {
				return
			}
			if err := g.idMapper.Put(common.PKIidType(item.PkiId), api.PeerIdentityType(item.Cert)); err != nil && g.logger.IsEnabledFor(zapcore.DebugLevel) {
				g.logger.Debugf("Cannot take in a pulled identity: %v", err)
			}
		},
		EgressDigFilter: g.disclosedIdentities,
	})
}

// disclosedIdentities says of which identities the sender of a message may hear:
// of all members', if it is of the own organization; else of those of members of
// its and the own organization that can be reached from outside.
func (g *gossipServiceImpl) disclosedIdentities(m proto.ReceivedMessage) func(item string) bool {
	nothing := func(string) bool { return false }
	info := m.GetConnectionInfo()
	if info == nil {
		return nothing
	}
	remoteOrg := g.orgs.of(info.ID)
	switch {
	case len(remoteOrg) == 0:
		return nothing
	case bytes.Equal(remoteOrg, g.selfOrg):
		return g.isHeardOf
	}
	return func(item string) bool {
		if !g.isHeardOf(item) {
			return false
		}
		pkiID := common.PKIidType(item)
		org := g.orgs.of(pkiID)
		return len(org) > 0 && (bytes.Equal(org, g.selfOrg) || bytes.Equal(org, remoteOrg)) && g.isPublic(pkiID)
	}
}

// isHeardOf tells whether the peer of a PKI-ID is a member, dead or alive, or the
// node itself. Identities of others are not passed on: each node would have them
// again from another that has not purged them yet, and those of peers that left
// would go round for ever.
func (g *gossipServiceImpl) isHeardOf(pkiID string) bool {
	return g.isReady() && g.disc.Lookup(common.PKIidType(pkiID)) != nil
}
