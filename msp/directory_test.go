// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

var dirOrg = cryptogen.OrgSpec{Domain: "org1.test", MSPID: "Org1", NodeOUs: true, Nodes: []string{"peer0"}, Users: []string{"User1"}}

// generated returns the MSP directory of peer0 of a fresh organisation.
func generated(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, cryptogen.Generate(root, dirOrg))
	return filepath.Join(dirOrg.NodeDir(root, "peer0"), "msp")
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, content, 0o600))
}

func parsed(t *testing.T, conf *msp.MSPConfig) *msp.FabricMSPConfig {
	t.Helper()
	require.Equal(t, int32(FABRIC), conf.Type)
	out := &msp.FabricMSPConfig{}
	require.NoError(t, proto.Unmarshal(conf.Config, out))
	return out
}

func TestLocalDirectory(t *testing.T) {
	dir := generated(t)
	conf, err := LocalConfigFromDir(dir, "Org1")
	require.NoError(t, err)
	for _, version := range allVersions {
		m := newMSP(t, version)
		require.NoError(t, m.Setup(conf))
		signer, err := m.GetDefaultSigningIdentity()
		require.NoError(t, err)
		require.NoError(t, signer.Validate())
		sig, err := signer.Sign([]byte("m"))
		require.NoError(t, err)
		require.NoError(t, signer.Verify([]byte("m"), sig))
		isPeer := signer.SatisfiesPrincipal(role(t, "Org1", msp.MSPRole_PEER))
		require.Equal(t, version >= MSPv1_1, isPeer == nil)
		require.Len(t, m.GetTLSRootCerts(), 1)
	}
}

func TestVerifyingDirectory(t *testing.T) {
	dir := generated(t)
	conf, err := VerifyingConfigFromDir(dir, "Org1")
	require.NoError(t, err)
	same, err := GetVerifyingMspConfig(dir, "Org1", "bccsp")
	require.NoError(t, err)
	require.True(t, proto.Equal(conf, same))
	got := parsed(t, conf)
	require.Nil(t, got.SigningIdentity)
	require.Equal(t, "Org1", got.Name)
	require.Equal(t, "SHA2", got.CryptoConfig.SignatureHashFamily)
	require.Equal(t, "SHA256", got.CryptoConfig.IdentityIdentifierHashFunction)
	require.True(t, got.FabricNodeOus.Enable)
	require.Equal(t, "peer", got.FabricNodeOus.PeerOuIdentifier.OrganizationalUnitIdentifier)
	require.Equal(t, got.RootCerts[0], got.FabricNodeOus.ClientOuIdentifier.Certificate)
	_, err = GetVerifyingMspConfig(dir, "Org1", "other")
	require.ErrorContains(t, err, `unknown MSP type "other"`)
}

func TestFoldersOfADirectory(t *testing.T) {
	dir := generated(t)
	root := newCA(t, "root b")
	write(t, filepath.Join(dir, "cacerts", "b.pem"), root.CertPEM())
	write(t, filepath.Join(dir, "cacerts", "not-pem.txt"), []byte("notes"))
	write(t, filepath.Join(dir, "cacerts", "folder", "x.pem"), newCA(t, "x").CertPEM())
	write(t, filepath.Join(dir, "elsewhere.pem"), below(t, root, "linked").CertPEM())
	require.NoError(t, os.Mkdir(filepath.Join(dir, "intermediatecerts"), 0o755))
	require.NoError(t, os.Symlink(filepath.Join(dir, "elsewhere.pem"), filepath.Join(dir, "intermediatecerts", "link.pem")))
	require.NoError(t, os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "intermediatecerts", "dangling.pem")))
	write(t, filepath.Join(dir, "crls", "a"), crl(t, root))
	write(t, filepath.Join(dir, "tlsintermediatecerts", "a.pem"), []byte("commented\n"+string(root.CertPEM())))

	conf, err := VerifyingConfigFromDir(dir, "Org1")
	require.NoError(t, err)
	got := parsed(t, conf)
	require.Len(t, got.RootCerts, 2)
	require.Equal(t, root.CertPEM(), got.RootCerts[0], "in the order of names: b.pem, ca.org1.test-cert.pem")
	require.Len(t, got.IntermediateCerts, 1)
	require.Len(t, got.RevocationList, 1)
	require.True(t, bytes.HasPrefix(got.TlsIntermediateCerts[0], []byte("commented\n")), "whole files are taken")

	require.NoError(t, os.RemoveAll(filepath.Join(dir, "tlscacerts")))
	conf, err = VerifyingConfigFromDir(dir, "Org1")
	require.NoError(t, err)
	require.Empty(t, parsed(t, conf).TlsIntermediateCerts, "without TLS roots they are not read")
}

func TestBadDirectories(t *testing.T) {
	remove := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { require.NoError(t, os.RemoveAll(filepath.Join(dir, name))) }
	}
	empty := func(name string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			remove(name)(t, dir)
			write(t, filepath.Join(dir, name, "readme"), []byte("nothing here"))
		}
	}
	units := func(text string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { write(t, filepath.Join(dir, "config.yaml"), []byte(text)) }
	}
	for name, c := range map[string]struct {
		edit  func(*testing.T, string)
		local bool // only the local configuration minds
		err   string
	}{
		"no cacerts":                      {remove("cacerts"), false, "cacerts: no such file"},
		"no admincerts":                   {remove("admincerts"), false, "admincerts: no such file"},
		"no signcerts":                    {remove("signcerts"), true, "signcerts: no such file"},
		"no keystore":                     {remove("keystore"), true, "keystore: no such file"},
		"empty cacerts":                   {empty("cacerts"), false, "cacerts has no PEM file"},
		"empty admincerts":                {empty("admincerts"), false, "admincerts has no PEM file"},
		"empty signcerts":                 {empty("signcerts"), true, "signcerts has no PEM file"},
		"empty keystore":                  {empty("keystore"), true, "holds the private key of"},
		"signcert that is no certificate": {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "signcerts", "a"), toPEM([]byte("x"))) }, true, "not an X.509 certificate"},
		"folder that is a file":           {func(t *testing.T, dir string) { write(t, filepath.Join(dir, "crls"), nil) }, false, "not a directory"},
		"config.yaml is no YAML":          {units(":\n\t-"), false, "is not the configuration of an MSP"},
		"unit with lost certificate":      {units("OrganizationalUnitIdentifiers:\n- Certificate: lost\n  OrganizationalUnitIdentifier: COP\n"), false, `certificate of the organizational unit "COP"`},
		"empty unit":                      {units("OrganizationalUnitIdentifiers:\n-\n"), false, "has nothing at 0"},
		"node units without client":       {units("NodeOUs:\n  Enable: true\n  PeerOUIdentifier: {OrganizationalUnitIdentifier: peer}\n"), false, "ClientOUIdentifier does not name a unit"},
		"node units without peer":         {units("NodeOUs:\n  Enable: true\n  ClientOUIdentifier: {OrganizationalUnitIdentifier: client}\n"), false, "PeerOUIdentifier does not name a unit"},
		"node unit without name":          {units("NodeOUs:\n  Enable: true\n  ClientOUIdentifier: {OrganizationalUnitIdentifier: client}\n  PeerOUIdentifier: {Certificate: x}\n"), false, "PeerOUIdentifier does not name a unit"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := generated(t)
			c.edit(t, dir)
			conf, err := LocalConfigFromDir(dir, "Org1")
			require.Nil(t, conf)
			require.ErrorContains(t, err, c.err)
			conf, err = VerifyingConfigFromDir(dir, "Org1")
			if c.local {
				require.NoError(t, err)
				return
			}
			require.Nil(t, conf)
			require.ErrorContains(t, err, c.err)
		})
	}
	_, err := VerifyingConfigFromDir(filepath.Join(t.TempDir(), "nowhere"), "Org1")
	require.Error(t, err)
}

func TestUnitsOfADirectory(t *testing.T) {
	dir := generated(t)
	load := func(text string) *msp.FabricMSPConfig {
		write(t, filepath.Join(dir, "config.yaml"), []byte(text))
		conf, err := VerifyingConfigFromDir(dir, "Org1")
		require.NoError(t, err)
		return parsed(t, conf)
	}
	got := load("Other: key\nOrganizationalUnitIdentifiers:\n- Certificate: cacerts/ca.org1.test-cert.pem\n  OrganizationalUnitIdentifier: COP\n  More: keys\n")
	require.Len(t, got.OrganizationalUnitIdentifiers, 1)
	require.Equal(t, "COP", got.OrganizationalUnitIdentifiers[0].OrganizationalUnitIdentifier)
	require.Equal(t, got.RootCerts[0], got.OrganizationalUnitIdentifiers[0].Certificate)
	require.Nil(t, got.FabricNodeOus)

	const nodes = "NodeOUs:\n  Enable: %v\n  ClientOUIdentifier: {Certificate: lost, OrganizationalUnitIdentifier: c}\n  PeerOUIdentifier: {OrganizationalUnitIdentifier: p}\n"
	require.Nil(t, load(fmt.Sprintf(nodes, false)).FabricNodeOus)
	units := load(fmt.Sprintf(nodes, true)).FabricNodeOus
	require.Equal(t, "c", units.ClientOuIdentifier.OrganizationalUnitIdentifier)
	require.Empty(t, units.ClientOuIdentifier.Certificate, "a certifier that cannot be read is dropped")
	require.Equal(t, "p", units.PeerOuIdentifier.OrganizationalUnitIdentifier)

	require.NoError(t, os.Remove(filepath.Join(dir, "config.yaml")))
	conf, err := VerifyingConfigFromDir(dir, "Org1")
	require.NoError(t, err)
	require.Nil(t, parsed(t, conf).FabricNodeOus)
}

func TestKeyIsFoundUnderAnyName(t *testing.T) {
	dir := generated(t)
	store := filepath.Join(dir, "keystore")
	entries, err := os.ReadDir(store)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	named := filepath.Join(store, entries[0].Name())
	key, err := os.ReadFile(named)
	require.NoError(t, err)

	// A file of the right name with the wrong key in it does not end the search.
	other, err := newCA(t, "x").KeyPEM()
	require.NoError(t, err)
	write(t, named, other)
	write(t, filepath.Join(store, "a.txt"), []byte("not a key"))
	write(t, filepath.Join(store, "b.pem"), toPEM([]byte("not a key either")))
	write(t, filepath.Join(store, "c.pem"), append(bytes.Repeat([]byte("#"), maxKeyFile), key...))
	require.NoError(t, os.Mkdir(filepath.Join(store, "d"), 0o755))
	_, err = LocalConfigFromDir(dir, "Org1")
	require.ErrorContains(t, err, "no file in "+store+" holds the private key of \"peer0.org1.test\"")

	write(t, filepath.Join(store, "key.pem"), key)
	conf, err := LocalConfigFromDir(dir, "Org1")
	require.NoError(t, err)
	require.NoError(t, newMSP(t, MSPv1_0).Setup(conf))
}

func TestTwoLocalMSPsInOneProcess(t *testing.T) {
	for i := 0; i < 2; i++ {
		conf, err := LocalConfigFromDir(generated(t), "Org1")
		require.NoError(t, err)
		require.NoError(t, newMSP(t, MSPv1_0).Setup(conf))
	}
}

func TestIdemixDirectory(t *testing.T) {
	dir := t.TempDir()
	_, err := GetIdemixMspConfig(dir, "Idem")
	require.ErrorContains(t, err, "issuer's key")
	write(t, filepath.Join(dir, "msp", "IssuerPublicKey"), []byte("ipk"))
	_, err = GetIdemixMspConfig(dir, "Idem")
	require.ErrorContains(t, err, "revocation key")
	write(t, filepath.Join(dir, "msp", "RevocationPublicKey"), []byte("rpk"))
	conf, err := GetVerifyingMspConfig(dir, "Idem", "idemix")
	require.NoError(t, err)
	require.Equal(t, int32(IDEMIX), conf.Type)
	got := &msp.IdemixMSPConfig{}
	require.NoError(t, proto.Unmarshal(conf.Config, got))
	require.Equal(t, "Idem", got.Name)
	require.Equal(t, "ipk", string(got.Ipk))
	require.Equal(t, "rpk", string(got.RevocationPk))
	require.Nil(t, got.Signer)

	signer, err := proto.Marshal(&msp.IdemixMSPSignerConfig{OrganizationalUnitIdentifier: "ou"})
	require.NoError(t, err)
	write(t, filepath.Join(dir, "user", "SignerConfig"), signer)
	conf, err = GetIdemixMspConfig(dir, "Idem")
	require.NoError(t, err)
	require.NoError(t, proto.Unmarshal(conf.Config, got))
	require.Equal(t, "ou", got.Signer.OrganizationalUnitIdentifier)
	write(t, filepath.Join(dir, "user", "SignerConfig"), []byte{0xff})
	_, err = GetIdemixMspConfig(dir, "Idem")
	require.ErrorContains(t, err, "decoding the signer")
}
