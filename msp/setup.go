// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"crypto/x509"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

var logger = flogging.MustGetLogger("msp")

// expiryNotice is how long before its end a certificate of our own is worth a warning.
const expiryNotice = 7 * 24 * time.Hour

// membership is everything one configuration says. It is immutable once loadMembership returned it, so that identities
// and callers may hold on to it without locks.
type membership struct {
	name    string
	version MSPVersion
	crypto  cryptoSuite

	authorities *authorities
	// inner has the authorities that may not issue identities, because others are registered below them.
	inner   map[string]bool
	revoked *revocations
	units   unitRules
	// admins has the administrators' certificates, by DER.
	admins map[string]bool

	tlsRoots, tlsIntermediates [][]byte

	signer *signingIdentity
}

// loadMembership builds a membership for owner, which the signing identity will belong to.
func loadMembership(owner *x509MSP, config *msp.MSPConfig) (*membership, error) {
	if config == nil {
		return nil, errors.New("an MSP cannot be set up without a configuration")
	}
	conf := &msp.FabricMSPConfig{}
	if err := proto.Unmarshal(config.Config, conf); err != nil {
		return nil, errors.Wrap(err, "the configuration is not one of an X.509 MSP")
	}
	m := &membership{name: conf.Name, version: owner.version}
	if err := m.load(owner, conf); err != nil {
		return nil, err
	}
	return m, nil
}

// load fills m. The order matters: each step needs what the ones before it stored.
func (m *membership) load(owner *x509MSP, conf *msp.FabricMSPConfig) error {
	if m.name == "" {
		return errors.New("the MSP has no name")
	}
	var err error
	if m.crypto, err = newCryptoSuite(conf.CryptoConfig); err != nil {
		return err
	}
	if len(conf.RootCerts) == 0 {
		return errors.Errorf("MSP %s has no root certificate", m.name)
	}
	if m.authorities, err = readAuthorities(conf.RootCerts, conf.IntermediateCerts); err != nil {
		return err
	}
	admins, err := m.readAdmins(conf.Admins)
	if err != nil {
		return err
	}
	if err := m.checkAuthorities(conf); err != nil {
		return err
	}
	if m.signer, err = m.loadSigner(owner, conf.SigningIdentity); err != nil {
		return err
	}
	if m.units, err = m.loadUnits(conf); err != nil {
		return err
	}
	return m.checkAdmins(owner, admins)
}

// readAdmins registers the administrators, without judging them yet.
func (m *membership) readAdmins(items [][]byte) ([]*x509.Certificate, error) {
	m.admins = make(map[string]bool, len(items))
	certs, err := readCertificates(items, "admin")
	if err != nil {
		return nil, err
	}
	for i := range certs {
		if certs[i], _, err = m.authorities.canonical(certs[i]); err != nil {
			return nil, errors.WithMessagef(err, "admin certificate %d", i)
		}
		m.admins[string(certs[i].Raw)] = true
	}
	return certs, nil
}

// checkAuthorities loads the TLS authorities and the revocation lists, and checks both kinds of authorities with them.
func (m *membership) checkAuthorities(conf *msp.FabricMSPConfig) error {
	tlsRoots, err := readCertificates(conf.TlsRootCerts, "TLS root")
	if err != nil {
		return err
	}
	tlsBetween, err := readCertificates(conf.TlsIntermediateCerts, "TLS intermediate")
	if err != nil {
		return err
	}
	tls := newAuthorities(tlsRoots, tlsBetween)
	if m.revoked, err = readRevocations(conf.RevocationList, append(m.authorities.all(), tls.all()...)); err != nil {
		return err
	}
	if err := m.authorities.check("authority", m.revoked); err != nil {
		return err
	}
	if m.inner, err = m.authorities.inner(); err != nil {
		return err
	}
	// Unlike v1.3.0, which would refuse the organisation, and its channel with it, once a TLS authority expired.
	if err := tls.check("TLS authority", m.revoked); err != nil {
		return err
	}
	warnOfExpiry(m.name, "TLS authority", tls.all())
	m.tlsRoots, m.tlsIntermediates = conf.TlsRootCerts, conf.TlsIntermediateCerts
	return nil
}

// checkAdmins returns an error unless every administrator is valid, and a client where units are enforced.
func (m *membership) checkAdmins(owner *x509MSP, admins []*x509.Certificate) error {
	for i, cert := range admins {
		id, err := m.newIdentity(owner, cert)
		if err == nil {
			err = id.judged(m).invalid
		}
		if err == nil && m.units.enforced {
			err = m.units.fills(id.cert, msp.MSPRole_CLIENT)
		}
		if err != nil {
			return errors.WithMessagef(err, "admin %d is invalid [%s, serial %x]", i, m.name, cert.SerialNumber)
		}
	}
	return nil
}

// warnOfExpiry tells operators in time. Nothing is refused for it.
func warnOfExpiry(mspID, what string, certs []*x509.Certificate) {
	for _, cert := range certs {
		left := time.Until(cert.NotAfter)
		switch {
		case left <= 0:
			logger.Warningf("MSP %s: %s %q expired on %s", mspID, what, cert.Subject.CommonName, cert.NotAfter.Format(time.RFC3339))
		case left < expiryNotice:
			logger.Warningf("MSP %s: %s %q will expire on %s", mspID, what, cert.Subject.CommonName, cert.NotAfter.Format(time.RFC3339))
		}
	}
}
