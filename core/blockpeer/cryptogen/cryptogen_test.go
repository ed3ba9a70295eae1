// SPDX-License-Identifier: Apache-2.0

package cryptogen

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric/common/crypto/ecdsasig"
	"github.com/stretchr/testify/require"
)

var (
	org1    = OrgSpec{Domain: "org1.fixtures.test", MSPID: "Org1MSP", NodeOUs: true, Nodes: []string{"peer0", "peer1", "peer2", "peer3"}, Users: []string{"User1"}, SANs: []string{"localhost", "127.0.0.1"}}
	ordOrg  = OrgSpec{Domain: "fixtures.test", MSPID: "OrdererMSP", Orderer: true, Nodes: []string{"orderer", "orderer2"}, SANs: []string{"localhost", "127.0.0.1"}}
	keyName = regexp.MustCompile(`^[0-9a-f]{64}_sk$`)
)

func generate(t *testing.T, orgs ...OrgSpec) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, Generate(dir, orgs...))
	return dir
}

// files lists what is below dir, keys left out.
func files(t *testing.T, dir string) (public, keys []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if strings.HasSuffix(rel, "_sk") || strings.HasSuffix(rel, ".key") {
			keys = append(keys, rel)
		} else {
			public = append(public, rel)
		}
		return err
	}))
	return public, keys
}

func certificate(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	block, rest := pem.Decode(raw)
	require.NotNil(t, block, path)
	require.Empty(t, rest)
	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	return cert
}

// The recorded network's folders were made by the real tool; ours have the same files, and certificates of the same shape.
func TestSameLayoutAndShapeAsTheRecordedNetwork(t *testing.T) {
	recorded := "../testdata/fabric-v1.3/crypto"
	made := generate(t, org1, ordOrg)
	for _, org := range []OrgSpec{org1, ordOrg} {
		want, _ := files(t, org.Dir(recorded))
		got, _ := files(t, org.Dir(made))
		require.NotEmpty(t, want)
		require.Equal(t, want, got)
		for _, name := range want {
			if filepath.Base(name) == "config.yaml" {
				wantText, err := os.ReadFile(filepath.Join(org.Dir(recorded), name))
				require.NoError(t, err)
				gotText, err := os.ReadFile(filepath.Join(org.Dir(made), name))
				require.NoError(t, err)
				require.Equal(t, string(wantText), string(gotText))
				continue
			}
			sameShape(t, name, certificate(t, filepath.Join(org.Dir(recorded), name)), certificate(t, filepath.Join(org.Dir(made), name)))
		}
	}
}

func sameShape(t *testing.T, name string, want, got *x509.Certificate) {
	t.Helper()
	require.Equal(t, want.Subject.String(), got.Subject.String(), name)
	require.Equal(t, want.Issuer.String(), got.Issuer.String(), name)
	require.Equal(t, want.IsCA, got.IsCA, name)
	require.Equal(t, want.KeyUsage, got.KeyUsage, name)
	require.Equal(t, want.ExtKeyUsage, got.ExtKeyUsage, name)
	require.Equal(t, want.DNSNames, got.DNSNames, name)
	require.Equal(t, len(want.IPAddresses), len(got.IPAddresses), name)
	require.Equal(t, len(want.SubjectKeyId), len(got.SubjectKeyId), name)
	require.Equal(t, len(want.AuthorityKeyId), len(got.AuthorityKeyId), name)
	require.Equal(t, want.NotAfter.Sub(want.NotBefore), got.NotAfter.Sub(got.NotBefore), name)
	require.Equal(t, want.SignatureAlgorithm, got.SignatureAlgorithm, name)
	require.Equal(t, len(want.Extensions), len(got.Extensions), name)
	for i := range want.Extensions {
		require.Equal(t, want.Extensions[i].Id, got.Extensions[i].Id, name)
		require.Equal(t, want.Extensions[i].Critical, got.Extensions[i].Critical, name)
	}
}

func TestKeysArePrivateAndInTheirPlaces(t *testing.T) {
	dir := generate(t, OrgSpec{Domain: "a.test", Nodes: []string{"n"}})
	_, keys := files(t, dir)
	folders := map[string]int{}
	for _, key := range keys {
		info, err := os.Stat(filepath.Join(dir, key))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), key)
		folders[filepath.Dir(key)]++
		if strings.HasSuffix(key, "_sk") {
			require.Regexp(t, keyName, filepath.Base(key))
		}
		raw, err := os.ReadFile(filepath.Join(dir, key))
		require.NoError(t, err)
		block, _ := pem.Decode(raw)
		require.Equal(t, "PRIVATE KEY", block.Type)
	}
	base := "peerOrganizations/a.test/"
	require.Equal(t, map[string]int{
		base + "ca":                              1,
		base + "tlsca":                           1,
		base + "peers/n.a.test/msp/keystore":     1,
		base + "peers/n.a.test/tls":              1,
		base + "users/Admin@a.test/msp/keystore": 1,
		base + "users/Admin@a.test/tls":          1,
	}, folders)
}

func TestAllCertificatesAreLowS(t *testing.T) {
	dir := generate(t, org1)
	public, _ := files(t, dir)
	for _, name := range public {
		if strings.HasSuffix(name, ".yaml") {
			continue
		}
		cert := certificate(t, filepath.Join(dir, name))
		key, err := newKey()
		require.NoError(t, err)
		low, err := ecdsasig.Normalize(key.Curve, cert.Signature)
		require.NoError(t, err)
		require.True(t, bytes.Equal(low, cert.Signature), name)
	}
}

func TestUnitsOnlyWhereAskedAndNeverForOrderers(t *testing.T) {
	plain := OrgSpec{Domain: "plain.test", Nodes: []string{"peer0"}}
	orderers := OrgSpec{Domain: "ord.test", Orderer: true, NodeOUs: true, Nodes: []string{"o"}}
	dir := generate(t, plain, orderers)
	for _, org := range []OrgSpec{plain, orderers} {
		public, _ := files(t, org.Dir(dir))
		for _, name := range public {
			require.NotEqual(t, "config.yaml", filepath.Base(name))
			require.Empty(t, certificate(t, filepath.Join(org.Dir(dir), name)).Subject.OrganizationalUnit)
		}
	}
}

func TestNodeTLSWorksMutually(t *testing.T) {
	dir := generate(t, org1)
	load := func(folder, role string) (tls.Certificate, *x509.CertPool) {
		pair, err := tls.LoadX509KeyPair(filepath.Join(folder, "tls", role+".crt"), filepath.Join(folder, "tls", role+".key"))
		require.NoError(t, err)
		ca, err := os.ReadFile(filepath.Join(folder, "tls", "ca.crt"))
		require.NoError(t, err)
		pool := x509.NewCertPool()
		require.True(t, pool.AppendCertsFromPEM(ca))
		return pair, pool
	}
	server, roots := load(org1.NodeDir(dir, "peer0"), "server")
	client, _ := load(org1.UserDir(dir, "User1"), "client")
	for _, name := range []string{"peer0.org1.fixtures.test", "peer0", "localhost", "127.0.0.1"} {
		a, b := net.Pipe()
		served := make(chan error, 1)
		go func() {
			defer a.Close()
			served <- tls.Server(a, &tls.Config{Certificates: []tls.Certificate{server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: roots}).Handshake()
		}()
		require.NoError(t, tls.Client(b, &tls.Config{Certificates: []tls.Certificate{client}, RootCAs: roots, ServerName: name}).Handshake(), name)
		require.NoError(t, <-served)
		b.Close()
	}
}

func TestBadSpecs(t *testing.T) {
	for name, c := range map[string]struct {
		org OrgSpec
		err string
	}{
		"no domain":           {OrgSpec{}, "is not a domain"},
		"climbing domain":     {OrgSpec{Domain: "../x"}, "is not a domain"},
		"hidden domain":       {OrgSpec{Domain: ".."}, "is not a domain"},
		"empty node":          {OrgSpec{Domain: "a", Nodes: []string{""}}, "is not a name"},
		"climbing node":       {OrgSpec{Domain: "a", Nodes: []string{"../../x"}}, "is not a name"},
		"same node twice":     {OrgSpec{Domain: "a", Nodes: []string{"n", "n"}}, `"n" occurs twice`},
		"same user twice":     {OrgSpec{Domain: "a", Users: []string{"u", "u"}}, `"u" occurs twice`},
		"Admin is there":      {OrgSpec{Domain: "a", Users: []string{"Admin"}}, `"Admin" occurs twice`},
		"backslash in a user": {OrgSpec{Domain: "a", Users: []string{`u\v`}}, "is not a name"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.ErrorContains(t, Generate(dir, OrgSpec{Domain: "good.test"}, c.org), c.err)
			left, err := os.ReadDir(dir)
			require.NoError(t, err)
			require.Empty(t, left, "all specs are checked before anything is written")
		})
	}
}

func TestExistingMaterialIsLeftAlone(t *testing.T) {
	org := OrgSpec{Domain: "a.test"}
	dir := generate(t, org)
	before, err := os.ReadFile(filepath.Join(org.MSPDir(dir), "cacerts", "ca.a.test-cert.pem"))
	require.NoError(t, err)
	require.ErrorContains(t, Generate(dir, org), "exists already")
	after, err := os.ReadFile(filepath.Join(org.MSPDir(dir), "cacerts", "ca.a.test-cert.pem"))
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestUnwritableFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, Generate(file, OrgSpec{Domain: "a.test"}))
}

func TestLoadedCAIssues(t *testing.T) {
	org := OrgSpec{Domain: "a.test"}
	dir := generate(t, org)
	ca, err := LoadCA(filepath.Join(org.Dir(dir), "ca"))
	require.NoError(t, err)
	start := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	id, err := ca.Issue(Leaf{CommonName: "late", OUs: []string{"x", "y"}, NotBefore: start, NotAfter: start.Add(time.Hour)})
	require.NoError(t, err)
	require.NoError(t, id.Cert.CheckSignatureFrom(ca.Cert))
	require.Equal(t, []string{"x", "y"}, id.Cert.Subject.OrganizationalUnit)
	require.Equal(t, start, id.Cert.NotBefore)
	require.Equal(t, start.Add(time.Hour), id.Cert.NotAfter)

	again, err := ca.Issue(Leaf{CommonName: "renewed", Key: id.Key})
	require.NoError(t, err)
	require.True(t, again.Key.Equal(id.Key))
	require.NotEqual(t, id.Cert.SerialNumber, again.Cert.SerialNumber)

	_, err = ca.Issue(Leaf{CommonName: "impossible", NotBefore: start, NotAfter: start.Add(-time.Hour)})
	require.ErrorContains(t, err, "cannot end")
}

func TestLoadCAErrors(t *testing.T) {
	org := OrgSpec{Domain: "a.test"}
	dir := generate(t, org)
	_, err := LoadCA(t.TempDir())
	require.ErrorContains(t, err, "has 0")

	ca := filepath.Join(org.Dir(dir), "ca")
	_, keys := files(t, ca)
	require.NoError(t, os.Remove(filepath.Join(ca, keys[0])))
	_, err = LoadCA(ca)
	require.ErrorContains(t, err, "holds the key")
	require.NoError(t, os.WriteFile(filepath.Join(ca, "x_sk"), []byte("not a key"), 0o600))
	_, err = LoadCA(ca)
	require.ErrorContains(t, err, "holds the key")
	require.NoError(t, os.WriteFile(filepath.Join(ca, "ca.a.test-cert.pem"), []byte("not PEM"), 0o600))
	_, err = LoadCA(ca)
	require.ErrorContains(t, err, "is not PEM")
}

func TestIntermediateAndRevocationList(t *testing.T) {
	root, err := NewCA("o", "root")
	require.NoError(t, err)
	between, err := root.Intermediate("between")
	require.NoError(t, err)
	require.NoError(t, between.Cert.CheckSignatureFrom(root.Cert))
	require.Equal(t, []string{"o"}, between.Cert.Subject.Organization)
	leaf, err := between.Issue(Leaf{CommonName: "leaf"})
	require.NoError(t, err)

	raw, err := between.RevocationList(leaf.Cert)
	require.NoError(t, err)
	block, _ := pem.Decode(raw)
	require.Equal(t, "X509 CRL", block.Type)
	list, err := x509.ParseRevocationList(block.Bytes)
	require.NoError(t, err)
	require.NoError(t, list.CheckSignatureFrom(between.Cert))
	require.Len(t, list.RevokedCertificateEntries, 1)
	require.Equal(t, leaf.Cert.SerialNumber, list.RevokedCertificateEntries[0].SerialNumber)
}

func TestWriteLocalMSP(t *testing.T) {
	org := OrgSpec{Domain: "a.test", NodeOUs: true}
	dir := generate(t, org)
	ca, err := LoadCA(filepath.Join(org.Dir(dir), "ca"))
	require.NoError(t, err)
	id, err := ca.Issue(Leaf{CommonName: "odd"})
	require.NoError(t, err)
	local := filepath.Join(t.TempDir(), "msp")
	require.NoError(t, WriteLocalMSP(local, org.MSPDir(dir), id))

	public, keys := files(t, local)
	require.Equal(t, []string{
		"admincerts/Admin@a.test-cert.pem", "cacerts/ca.a.test-cert.pem", "config.yaml", "signcerts/odd-cert.pem", "tlscacerts/tlsca.a.test-cert.pem",
	}, public)
	require.Len(t, keys, 1)
	require.Error(t, WriteLocalMSP(local, filepath.Join(dir, "nowhere"), id))
}
