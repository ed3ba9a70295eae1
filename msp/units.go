// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"bytes"
	"crypto/x509"

	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// unitRules is what an organisation demands of the organisational units in its certificates. Immutable once loaded.
type unitRules struct {
	mspID string

	// required lists, by a unit's name, the certifiers that may vouch for it. If there is any, an identity must belong
	// to one of these units.
	required map[string][][]byte

	// enforced says that an identity is exactly one of client and peer, by its unit ("node OUs").
	enforced     bool
	client, peer OUIdentifier
}

// loadUnits reads the rules; those about node units exist from MSPv1_1 on.
func (m *membership) loadUnits(conf *msp.FabricMSPConfig) (unitRules, error) {
	rules := unitRules{mspID: m.name, required: make(map[string][][]byte)}
	for i, unit := range conf.OrganizationalUnitIdentifiers {
		certifiers, err := m.certifiersNamed(unit.GetCertificate())
		if err != nil {
			return rules, errors.WithMessagef(err, "organizational unit %d", i)
		}
		name := unit.GetOrganizationalUnitIdentifier()
		rules.required[name] = append(rules.required[name], certifiers)
	}
	nodes := conf.FabricNodeOus
	if m.version < MSPv1_1 || nodes == nil || !nodes.Enable {
		return rules, nil
	}
	rules.enforced = true
	var err error
	if rules.client, err = m.nodeUnit("client", nodes.ClientOuIdentifier); err != nil {
		return rules, err
	}
	rules.peer, err = m.nodeUnit("peer", nodes.PeerOuIdentifier)
	return rules, err
}

// nodeUnit reads the unit of one kind of node; a unit without a certificate may be vouched for by any authority.
func (m *membership) nodeUnit(kind string, unit *msp.FabricOUIdentifier) (OUIdentifier, error) {
	if unit == nil {
		return OUIdentifier{}, errors.Errorf("node OUs of MSP %s are enabled, but there is no %s OU", m.name, kind)
	}
	id := OUIdentifier{OrganizationalUnitIdentifier: unit.OrganizationalUnitIdentifier}
	if len(unit.Certificate) == 0 {
		return id, nil
	}
	certifiers, err := m.certifiersNamed(unit.Certificate)
	if err != nil {
		return OUIdentifier{}, errors.WithMessagef(err, "%s OU", kind)
	}
	id.CertifiersIdentifier = certifiers
	return id, nil
}

// certifiersNamed returns the identifier of the certifiers that start with the given authority.
func (m *membership) certifiersNamed(item []byte) ([]byte, error) {
	cert, err := readCertificate(item)
	if err != nil {
		return nil, errors.WithMessage(err, "certificate of the certifier")
	}
	canonical, chain, err := m.authorities.canonical(cert)
	if err != nil {
		return nil, errors.WithMessage(err, "certificate of the certifier")
	}
	isRoot, known := m.authorities.byDER[string(canonical.Raw)]
	if !known || len(chain) == 0 {
		return nil, errors.Errorf("Failed adding OU. Certificate [%s, serial %x] not in root or intermediate certs.", cert.Subject.CommonName, cert.SerialNumber)
	}
	if isRoot {
		return m.certifiers(chain[:1]), nil
	}
	if m.inner[string(canonical.Raw)] {
		return nil, errors.Errorf("the authority %q cannot be a certifier: it has intermediates below it", cert.Subject.CommonName)
	}
	return m.certifiers(chain), nil
}

// certifiers identifies a chain of authorities, lowest first.
func (m *membership) certifiers(chain []*x509.Certificate) []byte {
	ders := make([][]byte, len(chain))
	for i, cert := range chain {
		ders[i] = cert.Raw
	}
	return m.crypto.sum(ders...)
}

// check returns an error if the units of a certificate that these certifiers vouch for break the rules.
func (u *unitRules) check(cert *x509.Certificate, certifiers []byte) error {
	units := cert.Subject.OrganizationalUnit
	if len(u.required) > 0 && !u.hasRequired(units, certifiers) {
		return errors.Errorf("could not validate identity's OUs: none of the identity's organizational units %q are in MSP %s", units, u.mspID)
	}
	if !u.enforced {
		return nil
	}
	kinds := 0
	for _, unit := range units {
		rule := u.nodeRule(unit)
		if rule == nil {
			continue
		}
		if len(rule.CertifiersIdentifier) > 0 && !bytes.Equal(rule.CertifiersIdentifier, certifiers) {
			return errors.Errorf("certifiersIdentifier does not match: the OU %q is vouched for by other authorities in MSP %s", unit, u.mspID)
		}
		kinds++
	}
	if kinds != 1 {
		return errors.Errorf("the identity must be either a client or a peer, its OUs %q make it %d of them in MSP %s", units, kinds, u.mspID)
	}
	return nil
}

func (u *unitRules) hasRequired(units []string, certifiers []byte) bool {
	for _, unit := range units {
		for _, accepted := range u.required[unit] {
			if bytes.Equal(accepted, certifiers) {
				return true
			}
		}
	}
	return false
}

// nodeRule returns the rule about a unit of nodes, nil if the unit is none.
func (u *unitRules) nodeRule(unit string) *OUIdentifier {
	switch unit {
	case u.client.OrganizationalUnitIdentifier:
		return &u.client
	case u.peer.OrganizationalUnitIdentifier:
		return &u.peer
	}
	return nil
}

// fills returns nil if the certificate, which must be valid, has the unit of the role.
func (u *unitRules) fills(cert *x509.Certificate, role msp.MSPRole_MSPRoleType) error {
	err := u.hasRoleUnit(cert, role)
	return errors.WithMessagef(err, "The identity is not a [%s] under this MSP [%s]", role, u.mspID)
}

func (u *unitRules) hasRoleUnit(cert *x509.Certificate, role msp.MSPRole_MSPRoleType) error {
	if !u.enforced {
		return errors.New("node OUs are not in force, so clients and peers cannot be told apart")
	}
	wanted := u.peer.OrganizationalUnitIdentifier
	if role == msp.MSPRole_CLIENT {
		wanted = u.client.OrganizationalUnitIdentifier
	}
	for _, unit := range cert.Subject.OrganizationalUnit {
		if unit == wanted {
			return nil
		}
	}
	return errors.Errorf("The identity does not contain OU [%s]", role)
}
