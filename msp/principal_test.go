// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

func member(t testing.TB) *msp.MSPPrincipal {
	t.Helper()
	return role(t, "Org1", msp.MSPRole_MEMBER)
}

func combined(t testing.TB, parts ...*msp.MSPPrincipal) *msp.MSPPrincipal {
	t.Helper()
	return principal(t, msp.MSPPrincipal_COMBINED, &msp.CombinedPrincipal{Principals: parts})
}

func anonymity(t testing.TB, kind msp.MSPIdentityAnonymity_MSPIdentityAnonymityType) *msp.MSPPrincipal {
	t.Helper()
	return principal(t, msp.MSPPrincipal_ANONYMITY, &msp.MSPIdentityAnonymity{AnonymityType: kind})
}

func unitOf(t testing.TB, mspID string, ou *OUIdentifier) *msp.MSPPrincipal {
	t.Helper()
	return principal(t, msp.MSPPrincipal_ORGANIZATION_UNIT, &msp.OrganizationUnit{
		MspIdentifier:                mspID,
		OrganizationalUnitIdentifier: ou.OrganizationalUnitIdentifier,
		CertifiersIdentifier:         ou.CertifiersIdentifier,
	})
}

// check is one question to one identity; an empty want is a yes.
type check struct {
	name string
	id   Identity
	ask  *msp.MSPPrincipal
	want string
}

func (c check) run(t *testing.T) {
	t.Helper()
	t.Run(c.name, func(t *testing.T) {
		err := c.id.SatisfiesPrincipal(c.ask)
		if c.want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.want)
		}
	})
}

func TestPrincipalsEveryVersionKnows(t *testing.T) {
	for _, version := range allVersions {
		o := newOrg(t, "Org1")
		user := issue(t, o.ca, cryptogen.Leaf{CommonName: "user", OUs: []string{"dev"}})
		gone := issue(t, o.ca, cryptogen.Leaf{CommonName: "gone", OUs: []string{"dev"}})
		o.conf.RevocationList = [][]byte{crl(t, o.ca, gone.Cert)}
		m := o.setup(t, version)
		userID := deserialize(t, m, "Org1", user.CertPEM())
		adminID := deserialize(t, m, "Org1", o.admin.CertPEM())
		goneID := deserialize(t, m, "Org1", gone.CertPEM())
		dev := userID.GetOrganizationalUnits()[0]
		named := func(p *cryptogen.Pair) *msp.MSPPrincipal {
			return &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_IDENTITY, Principal: serialize(t, "Org1", p.CertPEM())}
		}
		broken := func(class msp.MSPPrincipal_Classification) *msp.MSPPrincipal {
			return &msp.MSPPrincipal{PrincipalClassification: class, Principal: []byte{0xff}}
		}
		for _, c := range []check{
			{"member", userID, member(t), ""},
			{"admin is a member", adminID, member(t), ""},
			{"revoked member", goneID, member(t), "has been revoked"},
			{"member of another MSP", userID, role(t, "Org2", msp.MSPRole_MEMBER), "the principal is about MSP Org2"},
			{"admin", adminID, role(t, "Org1", msp.MSPRole_ADMIN), ""},
			{"no admin", userID, role(t, "Org1", msp.MSPRole_ADMIN), "is not an admin"},
			{"admin of another MSP", adminID, role(t, "Org2", msp.MSPRole_ADMIN), "the principal is about MSP Org2"},
			{"client without node units", userID, role(t, "Org1", msp.MSPRole_CLIENT), "The identity is not a [CLIENT] under this MSP ["},
			{"peer without node units", userID, role(t, "Org1", msp.MSPRole_PEER), "node OUs are not in force"},
			{"orderer", userID, role(t, "Org1", 4), "invalid MSP role type"},
			{"garbled role", userID, broken(msp.MSPPrincipal_ROLE), "the principal is not a role"},
			{"unit", userID, unitOf(t, "Org1", dev), ""},
			{"revoked, of the unit", goneID, unitOf(t, "Org1", dev), "has been revoked"},
			{"unit of another MSP", userID, unitOf(t, "Org2", dev), "the principal is about MSP Org2"},
			{"other unit", adminID, unitOf(t, "Org1", dev), "not of the organizational unit"},
			{"other certifiers", userID, unitOf(t, "Org1", &OUIdentifier{OrganizationalUnitIdentifier: "dev", CertifiersIdentifier: []byte{1}}), "not of the organizational unit"},
			{"no certifiers", userID, unitOf(t, "Org1", &OUIdentifier{OrganizationalUnitIdentifier: "dev"}), "not of the organizational unit"},
			{"garbled unit", userID, broken(msp.MSPPrincipal_ORGANIZATION_UNIT), "the principal is not an organizational unit"},
			{"this identity", userID, named(user), ""},
			{"another identity", userID, named(o.admin), "not the one that the principal names"},
			{"this identity, revoked", goneID, named(gone), "has been revoked"},
			{"garbled identity", userID, broken(msp.MSPPrincipal_IDENTITY), "the principal is not an identity"},
			{"identity without certificate", userID, &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_IDENTITY, Principal: serialize(t, "Org1", []byte("x"))}, "the principal is not an identity"},
			{"identity of another MSP", userID, &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_IDENTITY, Principal: serialize(t, "Org2", user.CertPEM())}, "expected MSP ID Org1, received Org2"},
			{"unknown class", userID, &msp.MSPPrincipal{PrincipalClassification: 99}, "invalid principal type"},
			{"nothing", userID, nil, "the principal is nil"},
		} {
			c.run(t)
		}
	}
}

func TestPrincipalsOfNewerVersions(t *testing.T) {
	for _, version := range allVersions {
		o := newOrg(t, "Org1")
		m := o.setup(t, version)
		user := deserialize(t, m, "Org1", issue(t, o.ca, cryptogen.Leaf{CommonName: "user"}).CertPEM())
		admin := deserialize(t, m, "Org1", o.admin.CertPEM())
		isAdmin := role(t, "Org1", msp.MSPRole_ADMIN)
		if version < MSPv1_3 {
			for _, ask := range []*msp.MSPPrincipal{combined(t, member(t)), anonymity(t, msp.MSPIdentityAnonymity_NOMINAL)} {
				require.ErrorContains(t, user.SatisfiesPrincipal(ask), "invalid principal type")
			}
			continue
		}
		for _, c := range []check{
			{"all parts", admin, combined(t, member(t), isAdmin), ""},
			{"one part missing", user, combined(t, member(t), isAdmin), "is not an admin"},
			{"nested", admin, combined(t, combined(t, member(t), combined(t, isAdmin)), member(t)), ""},
			{"nested part missing", user, combined(t, member(t), combined(t, isAdmin)), "is not an admin"},
			{"no parts", user, combined(t), "has no parts"},
			{"nested without parts", user, combined(t, member(t), combined(t)), "has no parts"},
			{"garbled", user, &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_COMBINED, Principal: []byte{0xff}}, "not a combined one"},
			{"nominal", user, anonymity(t, msp.MSPIdentityAnonymity_NOMINAL), ""},
			{"anonymous", user, anonymity(t, msp.MSPIdentityAnonymity_ANONYMOUS), "not anonymous"},
			{"unknown anonymity", user, anonymity(t, 7), "unknown kind of anonymity"},
			{"garbled anonymity", user, &msp.MSPPrincipal{PrincipalClassification: msp.MSPPrincipal_ANONYMITY, Principal: []byte{0xff}}, "not about anonymity"},
		} {
			c.run(t)
		}
		deep := member(t)
		for i := 0; i < maxPrincipalDepth; i++ {
			deep = combined(t, deep)
		}
		require.NoError(t, user.SatisfiesPrincipal(deep))
		require.ErrorContains(t, user.SatisfiesPrincipal(combined(t, deep)), "levels deep")
	}
}

// wrapper is an identity in somebody else's clothes.
type wrapper struct {
	Identity
	inside Identity
}

func (w wrapper) Unwrap() Identity { return w.inside }

type stranger struct{ Identity }

type endless struct{ Identity }

func (e endless) Unwrap() Identity { return e }

func TestMSPFindsTheIdentityInsideWrappers(t *testing.T) {
	o := newOrg(t, "Org1")
	withSigner(t, o, o.admin)
	m := o.setup(t, MSPv1_0)
	id := deserialize(t, m, "Org1", o.admin.CertPEM())
	signer, err := m.GetDefaultSigningIdentity()
	require.NoError(t, err)
	ask := role(t, "Org1", msp.MSPRole_ADMIN)
	for _, wrapped := range []Identity{id, signer, wrapper{inside: id}, wrapper{inside: wrapper{inside: signer}}} {
		require.NoError(t, m.Validate(wrapped))
		require.NoError(t, m.SatisfiesPrincipal(wrapped, ask))
	}
	for _, bad := range []Identity{nil, stranger{}, endless{}, wrapper{}, (*identity)(nil)} {
		require.Error(t, m.Validate(bad))
		require.Error(t, m.SatisfiesPrincipal(bad, ask))
	}
}

func TestIdentityOfAnotherInstanceOfTheSameMSP(t *testing.T) {
	o := newOrg(t, "Org1")
	user := issue(t, o.ca, cryptogen.Leaf{CommonName: "user"})
	id := deserialize(t, o.setup(t, MSPv1_0), "Org1", user.CertPEM())
	o.conf.RevocationList = [][]byte{crl(t, o.ca, user.Cert)}
	stricter := o.setup(t, MSPv1_0)
	require.ErrorContains(t, stricter.Validate(id), "has been revoked")
	require.NoError(t, id.Validate(), "its own MSP did not change")

	shared := newOrg(t, "Org2")
	shared.conf.RootCerts = append(shared.conf.RootCerts, o.ca.CertPEM())
	foreign := shared.setup(t, MSPv1_0)
	require.ErrorContains(t, foreign.Validate(id), "belongs to MSP Org1, this is Org2")
	require.ErrorContains(t, foreign.SatisfiesPrincipal(id, role(t, "Org2", msp.MSPRole_ADMIN)), "belongs to MSP Org1, this is Org2")
}

func TestUnitRules(t *testing.T) {
	base := newOrg(t, "Org1")
	other := newCA(t, "other root")
	base.conf.RootCerts = append(base.conf.RootCerts, other.CertPEM())
	nodes := func(enable bool, client, peer []byte) func(*msp.FabricMSPConfig) {
		return func(c *msp.FabricMSPConfig) {
			c.FabricNodeOus = &msp.FabricNodeOUs{
				Enable:             enable,
				ClientOuIdentifier: &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: "client", Certificate: client},
				PeerOuIdentifier:   &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: "peer", Certificate: peer},
			}
		}
	}
	required := func(units ...*msp.FabricOUIdentifier) func(*msp.FabricMSPConfig) {
		return func(c *msp.FabricMSPConfig) { c.OrganizationalUnitIdentifiers = units }
	}
	ca, foreign := base.ca.CertPEM(), other.CertPEM()
	for _, c := range []struct {
		name   string
		edit   func(*msp.FabricMSPConfig)
		issuer *cryptogen.CA
		ous    []string
		since  MSPVersion // rules exist from here on; before, the identity is valid
		err    string
	}{
		{"no rules", func(*msp.FabricMSPConfig) {}, base.ca, nil, MSPv1_0, ""},
		{"peer", nodes(true, ca, ca), base.ca, []string{"peer"}, MSPv1_0, ""},
		{"client and others", nodes(true, ca, ca), base.ca, []string{"x", "client", "y"}, MSPv1_0, ""},
		{"neither", nodes(true, ca, ca), base.ca, []string{"x"}, MSPv1_1, "must be either a client or a peer"},
		{"no unit at all", nodes(true, ca, ca), base.ca, nil, MSPv1_1, "must be either a client or a peer"},
		{"both", nodes(true, ca, ca), base.ca, []string{"peer", "client"}, MSPv1_1, "must be either a client or a peer"},
		{"twice the same", nodes(true, ca, ca), base.ca, []string{"peer", "peer"}, MSPv1_1, "must be either a client or a peer"},
		{"other certifier", nodes(true, ca, ca), other, []string{"peer"}, MSPv1_1, "certifiersIdentifier does not match"},
		{"any certifier", nodes(true, ca, nil), other, []string{"peer"}, MSPv1_0, ""},
		{"certifier of peers is another", nodes(true, ca, foreign), other, []string{"peer"}, MSPv1_0, ""},
		{"disabled", nodes(false, ca, ca), base.ca, []string{"x"}, MSPv1_0, ""},
		{"required unit", required(unit("client", ca)[0], unit("COP", ca)[0]), base.ca, []string{"x", "COP"}, MSPv1_0, ""},
		{"required unit missing", required(unit("client", ca)[0], unit("COP", ca)[0]), base.ca, []string{"x"}, MSPv1_0, "could not validate identity's OUs: none of the identity's organizational units"},
		{"required unit of another certifier", required(unit("client", ca)[0], unit("COP", ca)[0]), other, []string{"COP"}, MSPv1_0, "none of the identity's organizational units"},
		{"required unit of two certifiers", required(unit("client", ca)[0], unit("COP", ca)[0], unit("COP", foreign)[0]), other, []string{"COP"}, MSPv1_0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, version := range allVersions {
				o := *base
				o.conf = proto.Clone(base.conf).(*msp.FabricMSPConfig)
				c.edit(o.conf)
				m := o.setup(t, version)
				id := deserialize(t, m, "Org1", issue(t, c.issuer, cryptogen.Leaf{CommonName: "n", OUs: c.ous}).CertPEM())
				if err := id.Validate(); c.err == "" || version < c.since {
					require.NoError(t, err)
				} else {
					require.ErrorContains(t, err, c.err)
				}
			}
		})
	}
}

func TestRolesOfNodes(t *testing.T) {
	for _, version := range allVersions {
		o := newOrg(t, "Org1").withNodeUnits()
		m := o.setup(t, version)
		peer := deserialize(t, m, "Org1", issue(t, o.ca, cryptogen.Leaf{CommonName: "p", OUs: []string{"peer"}}).CertPEM())
		client := deserialize(t, m, "Org1", o.admin.CertPEM())
		isPeer, isClient := role(t, "Org1", msp.MSPRole_PEER), role(t, "Org1", msp.MSPRole_CLIENT)
		if version < MSPv1_1 {
			require.ErrorContains(t, peer.SatisfiesPrincipal(isPeer), "The identity is not a [PEER] under this MSP [Org1]")
			continue
		}
		nobody := deserialize(t, m, "Org1", issue(t, o.ca, cryptogen.Leaf{CommonName: "n"}).CertPEM())
		for _, c := range []check{
			{"peer", peer, isPeer, ""},
			{"client", client, isClient, ""},
			{"peer as client", peer, isClient, "The identity does not contain OU [CLIENT]"},
			{"client as peer", client, isPeer, "The identity does not contain OU [PEER]"},
			{"neither", nobody, isPeer, "The identity is not a [PEER] under this MSP ["},
		} {
			c.run(t)
		}
	}
}

func TestNodeUnitsMustBeComplete(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*msp.FabricNodeOUs)
		err  string
	}{
		{"no client", func(n *msp.FabricNodeOUs) { n.ClientOuIdentifier = nil }, "there is no client OU"},
		{"no peer", func(n *msp.FabricNodeOUs) { n.PeerOuIdentifier = nil }, "there is no peer OU"},
		{"certifier is garbage", func(n *msp.FabricNodeOUs) { n.PeerOuIdentifier.Certificate = []byte("x") }, "peer OU"},
		{"certifier is a stranger", func(n *msp.FabricNodeOUs) { n.ClientOuIdentifier.Certificate = newCA(t, "x").CertPEM() }, "client OU"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOrg(t, "Org1").withNodeUnits()
			c.edit(o.conf.FabricNodeOus)
			require.NoError(t, o.setupError(t, MSPv1_0), "node units do not exist before v1.1")
			require.ErrorContains(t, o.setupError(t, MSPv1_1), c.err)
			o.conf.FabricNodeOus.Enable = false
			require.NoError(t, o.setupError(t, MSPv1_1))
		})
	}
}

func TestAdminMustBeAClientWhereNodeUnitsAreEnforced(t *testing.T) {
	o := newOrg(t, "Org1").withNodeUnits()
	peer := issue(t, o.ca, cryptogen.Leaf{CommonName: "p", OUs: []string{"peer"}})
	o.conf.Admins = [][]byte{peer.CertPEM()}
	require.NoError(t, o.setupError(t, MSPv1_0))
	err := o.setupError(t, MSPv1_1)
	require.ErrorContains(t, err, "The identity is not a [CLIENT]")
	require.Regexp(t, "^admin 0 is invalid", err.Error())
}
