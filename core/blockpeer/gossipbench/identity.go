// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/protos/msp"
)

const mspID = "BenchMSP"

// organization issues the certificates of its nodes.
type organization struct {
	authority *x509.Certificate
	key       *ecdsa.PrivateKey
	roots     *x509.CertPool
	notary    *notary

	mutex  sync.Mutex
	serial int64
	known  map[string]*x509.Certificate // by identity; validated once
}

func newOrganization(blocks *notary) (*organization, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	o := &organization{key: key, notary: blocks, roots: x509.NewCertPool(), known: map[string]*x509.Certificate{}}
	template := o.template("authority")
	template.IsCA, template.BasicConstraintsValid = true, true
	template.KeyUsage = x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	if o.authority, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	o.roots.AddCert(o.authority)
	return o, nil
}

func (o *organization) template(name string) *x509.Certificate {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.serial++
	return &x509.Certificate{
		SerialNumber: big.NewInt(o.serial),
		Subject:      pkix.Name{Country: []string{"CH"}, Organization: []string{"peers.bench"}, CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
}

func (o *organization) issue(name string) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.CreateCertificate(rand.Reader, o.template(name), o.authority, key.Public(), o.key)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// enroll makes the identity of one node.
func (o *organization) enroll(name string) (*member, error) {
	pair, err := o.issue(name)
	if err != nil {
		return nil, err
	}
	identity, err := proto.Marshal(&msp.SerializedIdentity{
		Mspid:   mspID,
		IdBytes: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}),
	})
	if err != nil {
		return nil, err
	}
	return &member{organization: o, identity: identity, key: pair.PrivateKey.(*ecdsa.PrivateKey)}, nil
}

// certificate returns the validated certificate in an identity. Validation is
// done once for each, as the cache of a peer's membership service provider has
// it.
func (o *organization) certificate(identity api.PeerIdentityType) (*x509.Certificate, error) {
	o.mutex.Lock()
	certificate := o.known[string(identity)]
	o.mutex.Unlock()
	if certificate != nil {
		return certificate, nil
	}
	certificate, err := o.validate(identity)
	if err != nil {
		return nil, fmt.Errorf("identity refused: %w", err)
	}
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.known[string(identity)] = certificate
	return certificate, nil
}

func (o *organization) validate(identity api.PeerIdentityType) (*x509.Certificate, error) {
	serialized := &msp.SerializedIdentity{}
	if err := proto.Unmarshal(identity, serialized); err != nil {
		return nil, err
	}
	block, _ := pem.Decode(serialized.IdBytes)
	if block == nil || serialized.Mspid != mspID {
		return nil, errors.New("no certificate of this organization")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	_, err = certificate.Verify(x509.VerifyOptions{Roots: o.roots})
	return certificate, err
}

// OrgByPeerIdentity implements api.SecurityAdvisor.
func (o *organization) OrgByPeerIdentity(identity api.PeerIdentityType) api.OrgIdentityType {
	if _, err := o.certificate(identity); err != nil {
		return nil
	}
	return api.OrgIdentityType(mspID)
}

// member is a node's own identity; it implements api.MessageCryptoService.
type member struct {
	*organization
	identity api.PeerIdentityType
	key      *ecdsa.PrivateKey
}

func (m *member) GetPKIidOfCert(identity api.PeerIdentityType) common.PKIidType {
	if len(identity) == 0 {
		return nil
	}
	sum := sha256.Sum256(identity)
	return sum[:]
}

func (m *member) Sign(message []byte) ([]byte, error) { return sign(m.key, message) }

func (m *member) Verify(identity api.PeerIdentityType, signature, message []byte) error {
	if bytes.Equal(identity, m.identity) {
		return check(&m.key.PublicKey, signature, message)
	}
	certificate, err := m.certificate(identity)
	if err != nil {
		return err
	}
	return check(certificate.PublicKey.(*ecdsa.PublicKey), signature, message)
}

// VerifyByChannel takes every node of the organization for a reader.
func (m *member) VerifyByChannel(_ common.ChainID, identity api.PeerIdentityType, signature, message []byte) error {
	return m.Verify(identity, signature, message)
}

func (m *member) VerifyBlock(_ common.ChainID, number uint64, raw []byte) error {
	return m.notary.verify(number, raw)
}

func (m *member) ValidateIdentity(identity api.PeerIdentityType) error {
	_, err := m.certificate(identity)
	return err
}

func (m *member) Expiration(identity api.PeerIdentityType) (time.Time, error) {
	certificate, err := m.certificate(identity)
	if err != nil {
		return time.Time{}, err
	}
	return certificate.NotAfter, nil
}

func sign(key *ecdsa.PrivateKey, message []byte) ([]byte, error) {
	sum := sha256.Sum256(message)
	return ecdsa.SignASN1(rand.Reader, key, sum[:])
}

func check(key *ecdsa.PublicKey, signature, message []byte) error {
	sum := sha256.Sum256(message)
	if !ecdsa.VerifyASN1(key, sum[:], signature) {
		return errors.New("the signature is not of this key over this message")
	}
	return nil
}
