// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"bytes"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// maxPrincipalDepth bounds how deep combined principals may nest; a policy has no use for more than a few levels.
const maxPrincipalDepth = 100

func (x *x509MSP) SatisfiesPrincipal(id Identity, principal *msp.MSPPrincipal) error {
	own, err := asX509(id)
	if err != nil {
		return err
	}
	m, err := x.membership()
	if err != nil {
		return err
	}
	return m.satisfies(x, own, principal, 0)
}

// satisfies returns nil if the identity is what the principal describes.
func (m *membership) satisfies(owner *x509MSP, id *identity, principal *msp.MSPPrincipal, depth int) error {
	if principal == nil {
		return errors.New("the principal is nil")
	}
	switch principal.PrincipalClassification {
	case msp.MSPPrincipal_ROLE:
		return m.satisfiesRole(id, principal.Principal)
	case msp.MSPPrincipal_ORGANIZATION_UNIT:
		return m.satisfiesUnit(id, principal.Principal)
	case msp.MSPPrincipal_IDENTITY:
		return m.satisfiesIdentity(owner, id, principal.Principal)
	case msp.MSPPrincipal_ANONYMITY:
		if m.version >= MSPv1_3 {
			return satisfiesAnonymity(principal.Principal)
		}
	case msp.MSPPrincipal_COMBINED:
		if m.version >= MSPv1_3 {
			return m.satisfiesAll(owner, id, principal.Principal, depth)
		}
	}
	return errors.Errorf("invalid principal type %d for an MSP of version %d", int32(principal.PrincipalClassification), m.version)
}

func (m *membership) satisfiesRole(id *identity, raw []byte) error {
	role := &msp.MSPRole{}
	if err := proto.Unmarshal(raw, role); err != nil {
		return errors.Wrap(err, "the principal is not a role")
	}
	if err := m.isNamed(role.MspIdentifier, id); err != nil {
		return err
	}
	switch role.Role {
	case msp.MSPRole_MEMBER:
		return id.judged(m).invalid
	case msp.MSPRole_ADMIN:
		if !m.admins[string(id.cert.Raw)] {
			return errors.Errorf("the identity is not an admin of MSP %s", m.name)
		}
		return nil
	case msp.MSPRole_CLIENT, msp.MSPRole_PEER:
		if err := id.judged(m).invalid; err != nil {
			return errors.WithMessagef(err, "The identity is not a [%s] under this MSP [%s]", role.Role, m.name)
		}
		return m.units.fills(id.cert, role.Role)
	}
	return errors.Errorf("invalid MSP role type %d", int32(role.Role))
}

// isNamed returns an error unless both the principal and the identity belong to this MSP.
func (m *membership) isNamed(mspID string, id *identity) error {
	if mspID != m.name {
		return errors.Errorf("the principal is about MSP %s, the identity belongs to %s", mspID, id.name.Mspid)
	}
	if id.name.Mspid != m.name {
		return errors.Errorf("the identity belongs to MSP %s, this is %s", id.name.Mspid, m.name)
	}
	return nil
}

func (m *membership) satisfiesUnit(id *identity, raw []byte) error {
	unit := &msp.OrganizationUnit{}
	if err := proto.Unmarshal(raw, unit); err != nil {
		return errors.Wrap(err, "the principal is not an organizational unit")
	}
	if err := m.isNamed(unit.MspIdentifier, id); err != nil {
		return err
	}
	standing := id.judged(m)
	if standing.invalid != nil {
		return standing.invalid
	}
	if bytes.Equal(standing.certifiers, unit.CertifiersIdentifier) {
		for _, name := range id.cert.Subject.OrganizationalUnit {
			if name == unit.OrganizationalUnitIdentifier {
				return nil
			}
		}
	}
	return errors.Errorf("the identity is not of the organizational unit %q with the certifiers asked for", unit.OrganizationalUnitIdentifier)
}

func (m *membership) satisfiesIdentity(owner *x509MSP, id *identity, raw []byte) error {
	sid, err := parseSerialized(raw)
	if err != nil {
		return errors.WithMessage(err, "the principal is not an identity")
	}
	if sid.Mspid != m.name {
		return errors.Errorf("the principal is not an identity of this MSP: expected MSP ID %s, received %s", m.name, shown(sid.Mspid))
	}
	cert, err := readCertificate(sid.IdBytes)
	if err != nil {
		return errors.WithMessage(err, "the principal is not an identity")
	}
	wanted, err := m.newIdentity(owner, cert)
	if err != nil {
		return errors.WithMessage(err, "the principal is not an identity of this MSP")
	}
	if !bytes.Equal(wanted.cert.Raw, id.cert.Raw) {
		return errors.New("the identity is not the one that the principal names")
	}
	return wanted.judged(m).invalid
}

func satisfiesAnonymity(raw []byte) error {
	anonymity := &msp.MSPIdentityAnonymity{}
	if err := proto.Unmarshal(raw, anonymity); err != nil {
		return errors.Wrap(err, "the principal is not about anonymity")
	}
	switch anonymity.AnonymityType {
	case msp.MSPIdentityAnonymity_NOMINAL:
		return nil
	case msp.MSPIdentityAnonymity_ANONYMOUS:
		return errors.New("the principal asks for anonymity, X.509 identities are not anonymous")
	}
	return errors.Errorf("unknown kind of anonymity %d", int32(anonymity.AnonymityType))
}

// satisfiesAll wants every part of a combined principal.
func (m *membership) satisfiesAll(owner *x509MSP, id *identity, raw []byte, depth int) error {
	if depth >= maxPrincipalDepth {
		return errors.Errorf("the principal is nested more than %d levels deep", maxPrincipalDepth)
	}
	combined := &msp.CombinedPrincipal{}
	if err := proto.Unmarshal(raw, combined); err != nil {
		return errors.Wrap(err, "the principal is not a combined one")
	}
	if len(combined.Principals) == 0 {
		return errors.New("the combined principal has no parts")
	}
	for _, part := range combined.Principals {
		if err := m.satisfies(owner, id, part, depth+1); err != nil {
			return err
		}
	}
	return nil
}
