// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"sync/atomic"

	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
	"go.uber.org/zap/zapcore"
)

// x509MSP is the X.509 provider. It holds the membership in force and nothing else.
type x509MSP struct {
	version MSPVersion
	// current is nil until the first successful Setup.
	current atomic.Pointer[membership]
}

func newX509MSP(version MSPVersion) *x509MSP {
	return &x509MSP{version: version}
}

// membership returns the membership in force.
func (x *x509MSP) membership() (*membership, error) {
	if m := x.current.Load(); m != nil {
		return m, nil
	}
	return nil, errors.New("this MSP has not been set up")
}

// Setup publishes a new membership if all of the configuration is good.
func (x *x509MSP) Setup(config *msp.MSPConfig) error {
	m, err := loadMembership(x, config)
	if err != nil {
		return err
	}
	x.current.Store(m)
	if logger.IsEnabledFor(zapcore.DebugLevel) {
		logger.Debugf("MSP %s: %d roots, %d intermediates, %d admins", m.name, len(m.authorities.roots), len(m.authorities.intermediates), len(m.admins))
	}
	return nil
}

func (x *x509MSP) GetVersion() MSPVersion {
	return x.version
}

func (x *x509MSP) GetType() ProviderType {
	return FABRIC
}

func (x *x509MSP) GetIdentifier() (string, error) {
	if m := x.current.Load(); m != nil {
		return m.name, nil
	}
	return "", nil
}

func (x *x509MSP) GetTLSRootCerts() [][]byte {
	if m := x.current.Load(); m != nil {
		return m.tlsRoots
	}
	return nil
}

func (x *x509MSP) GetTLSIntermediateCerts() [][]byte {
	if m := x.current.Load(); m != nil {
		return m.tlsIntermediates
	}
	return nil
}

func (x *x509MSP) GetDefaultSigningIdentity() (SigningIdentity, error) {
	m, err := x.membership()
	if err != nil {
		return nil, err
	}
	if m.signer == nil {
		return nil, errors.Errorf("MSP %s has no signing identity", m.name)
	}
	return m.signer, nil
}

// GetSigningIdentity knows the default signing identity only.
func (x *x509MSP) GetSigningIdentity(identifier *IdentityIdentifier) (SigningIdentity, error) {
	if identifier == nil {
		return nil, errors.New("which signing identity? The identifier is nil")
	}
	m, err := x.membership()
	if err != nil {
		return nil, err
	}
	if m.signer == nil || m.signer.name != *identifier {
		return nil, errors.Errorf("MSP %s has no signing identity %s of MSP %s", m.name, identifier.Id, identifier.Mspid)
	}
	return m.signer, nil
}

func (x *x509MSP) DeserializeIdentity(serialized []byte) (Identity, error) {
	sid, err := parseSerialized(serialized)
	if err != nil {
		return nil, err
	}
	return x.deserializeParsed(sid)
}

// deserializeParsed is DeserializeIdentity for those who have decoded the outer message already.
func (x *x509MSP) deserializeParsed(sid *msp.SerializedIdentity) (Identity, error) {
	m, err := x.membership()
	if err != nil {
		return nil, err
	}
	if sid.Mspid != m.name {
		return nil, errors.Errorf("expected MSP ID %s, received %s", m.name, shown(sid.Mspid))
	}
	cert, err := readCertificate(sid.IdBytes)
	if err != nil {
		return nil, errors.WithMessagef(err, "identity of MSP %s", m.name)
	}
	id, err := m.newIdentity(x, cert)
	if err != nil {
		return nil, errors.WithMessagef(err, "identity of MSP %s", m.name)
	}
	return id, nil
}

func (x *x509MSP) Validate(id Identity) error {
	own, err := asX509(id)
	if err != nil {
		return err
	}
	m, err := x.membership()
	if err != nil {
		return err
	}
	return own.judged(m).invalid
}

// asX509 finds the X.509 identity below whatever wraps it.
func asX509(id Identity) (*identity, error) {
	const deepest = 8 // no sane nesting is deeper, and it ends a wrapper that returns itself
	wrapped := id
	for i := 0; i < deepest && id != nil; i++ {
		switch t := id.(type) {
		case *identity:
			if t == nil {
				return nil, errors.New("the identity is nil")
			}
			return t, nil
		case interface{ Unwrap() Identity }:
			id = t.Unwrap()
		case SigningIdentity:
			id = t.GetPublicVersion()
		default:
			i = deepest
		}
	}
	return nil, errors.Errorf("an identity of type %T is not one of an X.509 MSP", wrapped)
}

// IsWellFormed accepts the one spelling of a certificate that Serialize produces: exact PEM, canonical DER around the
// signed part and, where the issuer is an authority of this MSP, a low-S signature. Gossip names peers by a hash over
// these bytes, and any other spelling that deserializes would give a peer a second name.
func (x *x509MSP) IsWellFormed(sid *msp.SerializedIdentity) error {
	if sid == nil {
		return errors.New("the identity is nil")
	}
	mspID := shown(sid.Mspid)
	block, _ := pem.Decode(sid.IdBytes)
	if block == nil {
		return errors.Errorf("the identity of MSP %s is not PEM", mspID)
	}
	if block.Type != certificateBlock && block.Type != "" {
		return errors.Errorf("the identity of MSP %s has the wrong type: pem type is \"%s\", should be 'CERTIFICATE' or missing", mspID, shown(block.Type))
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return errors.Wrapf(err, "the identity of MSP %s is not an X.509 certificate", mspID)
	}
	if !bytes.Equal(encodeCertificate(tidy(cert)), sid.IdBytes) {
		return errors.Errorf("the identity of MSP %s is not in canonical form: it must be just its certificate, as PEM of DER", mspID)
	}
	if m := x.current.Load(); m != nil && m.name == sid.Mspid && m.authorities.issuedHighS(cert) {
		return errors.Errorf("the identity of MSP %s is not in canonical form: its certificate has a high-S signature", mspID)
	}
	return nil
}

// issuedHighS reports whether the certificate names one of these authorities as its issuer and has a signature whose s
// is not the low one for that issuer's key.
func (a *authorities) issuedHighS(cert *x509.Certificate) bool {
	if !signedWithECDSA(cert) {
		return false
	}
	for _, issuer := range a.all() {
		key, ok := issuer.PublicKey.(*ecdsa.PublicKey)
		if !ok || !bytes.Equal(issuer.RawSubject, cert.RawIssuer) {
			continue
		}
		if low, err := ecdsasig.Normalize(key.Curve, cert.Signature); err != nil || !bytes.Equal(low, cert.Signature) {
			return true
		}
	}
	return false
}
