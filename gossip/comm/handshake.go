// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"bytes"
	"context"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// Why a stream was not accepted, or a dial led to nothing. Observers count by
// these texts.
const (
	noCertificate   = "no TLS certificate"
	wrongType       = "wrong type"
	noPKIID         = "no PKI-ID"
	oversize        = "oversize"
	badBinding      = "TLS binding"
	badIdentity     = "identity refused"
	badSignature    = "bad signature"
	tooSlow         = "timed out"
	hungUp          = "remote hung up"
	noIntroduction  = "no introduction of our own"
	wrongOrg        = "wrong organization"
	unreachable     = "unreachable"
	noPong          = "no answer to ping"
	tooManyStranger = "too many handshakes"
	stopping        = "stopping"
)

// refusal is why a stream was not accepted.
type refusal struct {
	reason string // one of the texts above
	error
}

func refuse(reason, format string, args ...interface{}) error {
	return &refusal{reason: reason, error: errors.Errorf(format, args...)}
}

// refused reports a stream or dial that came to nothing.
func (c *commImpl) refused(err error, peer common.PKIidType, endpoint string) {
	reason := hungUp
	if r, ok := err.(*refusal); ok {
		reason = r.reason
	}
	c.hook.Observe(observe.Event{Kind: observe.Refused, Reason: reason, Peer: peer, Endpoint: endpoint, Err: err})
}

// introduce sends this peer's introduction on a new stream. It does so before
// anything is read, as the other side does. The result is the hash of the TLS
// certificate that the other side has shown.
func (c *commImpl) introduce(ctx context.Context, s stream, initiator bool) (remoteCertHash []byte, err error) {
	remoteCertHash = extractCertificateHashFromContext(ctx)
	ownCertHash, err := c.ownCertHash(initiator)
	if err != nil {
		return nil, &refusal{noIntroduction, err}
	}
	if c.tlsCerts != nil && len(remoteCertHash) == 0 {
		return nil, refuse(noCertificate, "No TLS certificate")
	}
	m, err := c.createConnectionMsg(c.pkiID, ownCertHash, c.identity, c.idMapper.Sign)
	if err != nil {
		return nil, &refusal{noIntroduction, err}
	}
	// If it cannot be sent there will be nothing to read either.
	if s.Send(m.Envelope) == nil {
		o := newOutgoing(m)
		c.hook.Observe(observe.Event{Kind: observe.Sent, Message: o.kind, Bytes: o.bytes, Endpoint: remoteAddress(ctx)})
	}
	return remoteCertHash, nil
}

// ownCertHash names the certificate that this side of a TLS connection shows;
// nil without TLS. Certificates may change, so it is computed each time.
func (c *commImpl) ownCertHash(initiator bool) ([]byte, error) {
	switch {
	case c.tlsCerts == nil:
		return nil, nil
	case initiator:
		return heldCertHash(&c.tlsCerts.TLSClientCert)
	default:
		return heldCertHash(&c.tlsCerts.TLSServerCert)
	}
}

// createConnectionMsg is a peer's introduction: who it is and, by the hash, at
// which end of which TLS connection. It needs nothing of the instance.
func (c *commImpl) createConnectionMsg(pkiID common.PKIidType, certHash []byte, cert api.PeerIdentityType, signer proto.Signer) (*proto.SignedGossipMessage, error) {
	m, err := protoext.Sign(&proto.GossipMessage{
		Tag: proto.GossipMessage_EMPTY,
		Content: &proto.GossipMessage_Conn{
			Conn: &proto.ConnEstablish{PkiId: pkiID, Identity: cert, TlsCertHash: certHash},
		},
	}, signer)
	if err != nil {
		return nil, errors.Wrap(err, "cannot sign the introduction")
	}
	return m, nil
}

// recognize examines the other side's introduction, what is cheap first. What it
// returns is who is there.
func (c *commImpl) recognize(envelope *proto.Envelope, remoteCertHash []byte, address string) (*proto.ConnectionInfo, error) {
	size := envelopeSize(envelope)
	if size > maxIntroduction {
		return nil, refuse(oversize, "introduction of %d bytes from %s, more than %d", size, address, maxIntroduction)
	}
	m, err := protoext.EnvelopeToGossipMessage(envelope)
	if err != nil {
		return nil, &refusal{byGarbage, err}
	}
	c.hook.Observe(observe.Event{Kind: observe.Received, Message: protoext.Kind(m.GossipMessage), Bytes: size, Endpoint: address})
	intro := m.GetConn()
	if intro == nil {
		return nil, refuse(wrongType, "Wrong type")
	}
	if len(intro.PkiId) == 0 {
		return nil, refuse(noPKIID, "No PKI-ID")
	}
	if c.tlsCerts != nil && !bytes.Equal(remoteCertHash, intro.TlsCertHash) {
		return nil, refuse(badBinding, "Expected %x in remote hash of TLS cert, but got %x", remoteCertHash, intro.TlsCertHash)
	}
	if err := c.idMapper.Put(intro.PkiId, intro.Identity); err != nil {
		return nil, &refusal{badIdentity, errors.WithMessage(err, "identity of "+address+" refused")}
	}
	if err := m.Verify(intro.Identity, c.verifyByIdentity); err != nil {
		return nil, &refusal{badSignature, errors.WithMessage(err, "introduction of "+address+" is not its own")}
	}
	return &proto.ConnectionInfo{
		ID:       intro.PkiId,
		Identity: intro.Identity,
		Endpoint: address,
		Auth:     &proto.AuthInfo{Signature: m.Signature, SignedData: m.Payload},
	}, nil
}

// verifyByIdentity checks a signature by an identity that has been put in.
func (c *commImpl) verifyByIdentity(peerIdentity, signature, message []byte) error {
	return c.idMapper.Verify(c.idMapper.GetPKIidOfCert(peerIdentity), signature, message)
}

// greet authenticates the peer that a stream was opened to. It is given the
// configured time; hangUp ends the stream when that is over.
func (c *commImpl) greet(s proto.Gossip_GossipStreamClient, hangUp func()) (*proto.ConnectionInfo, error) {
	remoteCertHash, err := c.introduce(s.Context(), s, true)
	if err != nil {
		return nil, err
	}
	address := remoteAddress(s.Context())
	alarm := time.AfterFunc(connTimeout(), hangUp)
	envelope, err := s.Recv()
	if !alarm.Stop() {
		return nil, c.silent(address)
	}
	if err != nil {
		return nil, c.abandoned(address, err)
	}
	return c.recognize(envelope, remoteCertHash, address)
}

// silent and abandoned are errors about a stream's other end that did not
// introduce itself.
func (c *commImpl) silent(address string) error {
	return refuse(tooSlow, "Timed out waiting for connection message from %s", address)
}

func (c *commImpl) abandoned(address string, err error) error {
	if c.ctx.Err() != nil {
		return &refusal{stopping, errStopping}
	}
	return &refusal{hungUp, errors.WithMessage(err, "no connection message from "+address)}
}
