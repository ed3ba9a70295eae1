// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

func manage(t testing.TB, msps ...MSP) MSPManager {
	t.Helper()
	mgr := NewMSPManager()
	require.NoError(t, mgr.Setup(msps))
	return mgr
}

func idemix(t testing.TB, name string) MSP {
	t.Helper()
	m, err := New(&IdemixNewOpts{NewBaseOpts{Version: MSPv1_3}})
	require.NoError(t, err)
	raw, err := proto.Marshal(&msp.IdemixMSPConfig{Name: name})
	require.NoError(t, err)
	require.NoError(t, m.Setup(&msp.MSPConfig{Type: int32(IDEMIX), Config: raw}))
	return m
}

func TestManagerPicksTheMSP(t *testing.T) {
	org1, org2 := newOrg(t, "Org1"), newOrg(t, "Org2")
	mgr := manage(t, org1.setup(t, MSPv1_3), org2.setup(t, MSPv1_3), idemix(t, "Idem"))
	msps, err := mgr.GetMSPs()
	require.NoError(t, err)
	require.Len(t, msps, 3)

	for _, o := range []*testOrg{org1, org2} {
		id := deserialize(t, mgr, o.name, o.admin.CertPEM())
		require.Equal(t, o.name, id.GetMSPIdentifier())
		require.NoError(t, id.Validate())
	}
	for name, c := range map[string]struct {
		serialized []byte
		err        string
	}{
		"unknown MSP":             {serialize(t, "Org3", org1.admin.CertPEM()), "MSP Org3 is unknown"},
		"nothing":                 {nil, "MSP  is unknown"},
		"MSP ID of many lines":    {serialize(t, "a\nb"+strings.Repeat("c", 1<<20), nil), `MSP a\nb` + strings.Repeat("c", 97) + "... is unknown"},
		"garbage":                 {[]byte("\xff"), "could not deserialize"},
		"other MSP's member":      {serialize(t, "Org1", org2.admin.CertPEM()), "does not chain"},
		"Idemix member":           {serialize(t, "Idem", []byte("anything")), "MSP Idem uses Idemix, which is not supported"},
		"MSP ID that is not text": {[]byte("\x0a\x01\xff\x12\x00"), "could not deserialize"},
	} {
		_, err := mgr.DeserializeIdentity(c.serialized)
		require.ErrorContains(t, err, c.err, name)
		require.Less(t, len(err.Error()), 500, name)
	}
}

func TestManagerReadsUnusualEncodings(t *testing.T) {
	o := newOrg(t, "Org1")
	mgr := manage(t, o.setup(t, MSPv1_3))
	id := protowire.AppendBytes(protowire.AppendTag(nil, 2, protowire.BytesType), o.admin.CertPEM())
	name := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "Org1")
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 5)
	for _, raw := range [][]byte{
		append(append([]byte{}, id...), name...),
		append(append(append([]byte{}, name...), id...), unknown...),
		append(append(protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), "Org2"), name...), id...),
	} {
		found, err := mgr.DeserializeIdentity(raw)
		require.NoError(t, err)
		require.Equal(t, "Org1", found.GetMSPIdentifier())
	}
}

func TestManagerIsSetUpOnce(t *testing.T) {
	org1, org2 := newOrg(t, "Org1"), newOrg(t, "Org2")
	mgr := NewMSPManager()
	_, err := mgr.DeserializeIdentity(serialize(t, "Org1", org1.admin.CertPEM()))
	require.ErrorContains(t, err, "MSP Org1 is unknown")
	require.EqualError(t, mgr.IsWellFormed(&msp.SerializedIdentity{}), "no MSP provider recognizes the identity")
	msps, err := mgr.GetMSPs()
	require.NoError(t, err)
	require.Empty(t, msps)

	require.ErrorContains(t, mgr.Setup([]MSP{nil}), "MSP 0 is nil")
	require.NoError(t, mgr.Setup([]MSP{org1.setup(t, MSPv1_3)}), "a failed attempt does not count")
	require.NoError(t, mgr.Setup([]MSP{org2.setup(t, MSPv1_3)}))
	deserialize(t, mgr, "Org1", org1.admin.CertPEM())
	_, err = mgr.DeserializeIdentity(serialize(t, "Org2", org2.admin.CertPEM()))
	require.ErrorContains(t, err, "MSP Org2 is unknown")
}

type namelessMSP struct{ MSP }

func (namelessMSP) GetIdentifier() (string, error) { return "", errors.New("lost it") }

func TestManagerNeedsIdentifiers(t *testing.T) {
	require.ErrorContains(t, NewMSPManager().Setup([]MSP{namelessMSP{}}), "identifier of MSP 0: lost it")
}

func TestLastOfTwoMSPsWithOneNameWins(t *testing.T) {
	first, second := newOrg(t, "Org1"), newOrg(t, "Org1")
	mgr := manage(t, first.setup(t, MSPv1_3), second.setup(t, MSPv1_3))
	deserialize(t, mgr, "Org1", second.admin.CertPEM())
	_, err := mgr.DeserializeIdentity(serialize(t, "Org1", first.admin.CertPEM()))
	require.Error(t, err)
}

func TestManagerIsWellFormed(t *testing.T) {
	o := newOrg(t, "Org1")
	good := o.admin.CertPEM()
	ask := func(mspID string, idBytes []byte) *msp.SerializedIdentity {
		return &msp.SerializedIdentity{Mspid: mspID, IdBytes: idBytes}
	}
	const refused = "no MSP provider recognizes the identity"
	mgr := manage(t, idemix(t, "Idem"), o.setup(t, MSPv1_3))
	require.NoError(t, mgr.IsWellFormed(ask("Org1", good)))
	require.NoError(t, mgr.IsWellFormed(ask("Unknown", good)), "any provider of the right kind can tell")
	require.EqualError(t, mgr.IsWellFormed(ask("Org1", append([]byte("x\n"), good...))), refused)
	require.EqualError(t, mgr.IsWellFormed(ask("Org1", withHighS(t, o.admin.Cert))), refused)
	require.EqualError(t, mgr.IsWellFormed(ask("Idem", good)), refused)
	require.EqualError(t, mgr.IsWellFormed(nil), refused)
	require.EqualError(t, manage(t, idemix(t, "Idem")).IsWellFormed(ask("Org1", good)), refused)
}

func TestIdemixStandIn(t *testing.T) {
	m := idemix(t, "Idem")
	name, err := m.GetIdentifier()
	require.NoError(t, err)
	require.Equal(t, "Idem", name)
	require.Equal(t, IDEMIX, m.GetType())
	require.Equal(t, MSPVersion(MSPv1_3), m.GetVersion())
	require.Nil(t, m.GetTLSRootCerts())
	require.Nil(t, m.GetTLSIntermediateCerts())
	const want = "uses Idemix, which is not supported"
	_, err = m.GetDefaultSigningIdentity()
	require.ErrorContains(t, err, want)
	_, err = m.GetSigningIdentity(nil)
	require.ErrorContains(t, err, want)
	require.ErrorContains(t, m.Validate(nil), want)
	require.ErrorContains(t, m.SatisfiesPrincipal(nil, nil), want)

	require.Error(t, m.Setup(nil))
	require.Error(t, m.Setup(&msp.MSPConfig{Config: []byte{0xff}}))
	require.ErrorContains(t, m.Setup(&msp.MSPConfig{}), "no name")
}

type otherOpts struct{ NewBaseOpts }

func TestNew(t *testing.T) {
	for _, c := range []struct {
		opts NewOpts
		err  string
	}{
		{&BCCSPNewOpts{NewBaseOpts{MSPv1_0}}, ""},
		{&BCCSPNewOpts{NewBaseOpts{MSPv1_3}}, ""},
		{&IdemixNewOpts{NewBaseOpts{MSPv1_1}}, ""},
		{&IdemixNewOpts{NewBaseOpts{MSPv1_3}}, ""},
		{&BCCSPNewOpts{NewBaseOpts{-1}}, "Invalid *BCCSPNewOpts. Version not recognized ["},
		{&BCCSPNewOpts{NewBaseOpts{3}}, "Invalid *BCCSPNewOpts. Version not recognized ["},
		{&IdemixNewOpts{NewBaseOpts{MSPv1_0}}, "Invalid *IdemixNewOpts. Version not recognized ["},
		{&IdemixNewOpts{NewBaseOpts{3}}, "Invalid *IdemixNewOpts. Version not recognized ["},
		{&otherOpts{}, "Invalid msp.NewOpts instance. It must be either *BCCSPNewOpts or *IdemixNewOpts. It was ["},
		{nil, "Invalid msp.NewOpts instance."},
		{(*BCCSPNewOpts)(nil), "Invalid msp.NewOpts instance."},
		{(*IdemixNewOpts)(nil), "Invalid msp.NewOpts instance."},
	} {
		m, err := New(c.opts)
		if c.err == "" {
			require.NoError(t, err)
			require.Equal(t, c.opts.GetVersion(), m.GetVersion())
			continue
		}
		require.Nil(t, m)
		require.ErrorContains(t, err, c.err)
	}
}

func TestProviderNames(t *testing.T) {
	require.Equal(t, "bccsp", ProviderTypeToString(FABRIC))
	require.Equal(t, "idemix", ProviderTypeToString(IDEMIX))
	require.Equal(t, "", ProviderTypeToString(OTHER))
}

// Run with -race: users of an MSP see one configuration or the other while it changes, and nothing else.
func TestSetupWhileInUse(t *testing.T) {
	o := newOrg(t, "Org1")
	user := issue(t, o.ca, cryptogen.Leaf{CommonName: "user"})
	allowed := o.config(t)
	o.conf.RevocationList = [][]byte{crl(t, o.ca, user.Cert)}
	refused := o.config(t)
	m := newMSP(t, MSPv1_3)
	require.NoError(t, m.Setup(allowed))
	old := deserialize(t, m, "Org1", user.CertPEM())

	stop := make(chan struct{})
	var users sync.WaitGroup
	for i := 0; i < 4; i++ {
		users.Add(1)
		go func() {
			defer users.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				fresh, err := m.DeserializeIdentity(serialize(t, "Org1", user.CertPEM()))
				if err != nil {
					t.Error(err)
					return
				}
				for _, id := range []Identity{old, fresh} {
					_ = id.Validate()
					_ = id.SatisfiesPrincipal(role(t, "Org1", msp.MSPRole_MEMBER))
					id.GetOrganizationalUnits()
				}
			}
		}()
	}
	for i := 0; i < 20; i++ {
		require.NoError(t, m.Setup(refused))
		require.Error(t, old.Validate())
		require.NoError(t, m.Setup(allowed))
		require.NoError(t, old.Validate())
	}
	close(stop)
	users.Wait()
}
