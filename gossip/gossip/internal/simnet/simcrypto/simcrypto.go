// SPDX-License-Identifier: Apache-2.0

// Package simcrypto is the cryptography of simulated peers: a hash takes the
// place of a signature. It protects nothing from anybody who can read this, but
// what was signed by another identity, over other bytes or not at all fails, at
// a hundredth of the cost. It is for tests, which build a peer's
// api.MessageCryptoService and api.SecurityAdvisor from it.
package simcrypto

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
)

// Identity is the one that the organization has issued for a name. A serial
// number other than that of an earlier one makes it a renewed one, with another
// PKI-ID.
func Identity(org, name string, serial int) api.PeerIdentityType {
	return api.PeerIdentityType(fmt.Sprintf("%s/%s#%d", org, name, serial))
}

// Org is the organization of an identity; nil if it has none.
func Org(id api.PeerIdentityType) api.OrgIdentityType {
	slash := bytes.IndexByte(id, '/')
	if slash <= 0 {
		return nil
	}
	return api.OrgIdentityType(id[:slash:slash])
}

// PKIID is the PKI-ID of an identity.
func PKIID(id api.PeerIdentityType) common.PKIidType {
	sum := sha256.Sum256(id)
	return sum[:16]
}

// Authority knows what is true of identities and channels. All services of a
// network share one. Its zero value knows nothing bad of anybody.
type Authority struct {
	mu       sync.RWMutex
	revoked  map[string]bool
	expiry   map[string]time.Time
	channels map[string]map[string]bool // channel -> organization
}

// SetChannel says which organizations may read a channel.
func (a *Authority) SetChannel(channel string, orgs ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.channels == nil {
		a.channels = map[string]map[string]bool{}
	}
	a.channels[channel] = map[string]bool{}
	for _, org := range orgs {
		a.channels[channel][org] = true
	}
}

// Revoke makes an identity invalid.
func (a *Authority) Revoke(id api.PeerIdentityType) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.revoked == nil {
		a.revoked = map[string]bool{}
	}
	a.revoked[string(id)] = true
}

// Expire makes an identity expire at that time.
func (a *Authority) Expire(id api.PeerIdentityType, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.expiry == nil {
		a.expiry = map[string]time.Time{}
	}
	a.expiry[string(id)] = at
}

// Block is the content of a valid block of the channel, of about that size.
func Block(channel string, number uint64, size int) []byte {
	head := seal(channel, number)
	return append(head[:], make([]byte, size)...)
}

func seal(channel string, number uint64) [sha256.Size]byte {
	named := make([]byte, 8, 8+len(channel))
	binary.BigEndian.PutUint64(named, number)
	return sha256.Sum256(append(named, channel...))
}

// Service is one peer's.
type Service struct {
	authority *Authority
	self      api.PeerIdentityType
}

// Service makes the one of the peer with that identity.
func (a *Authority) Service(self api.PeerIdentityType) *Service {
	return &Service{authority: a, self: self}
}

// GetPKIidOfCert implements api.MessageCryptoService.
func (s *Service) GetPKIidOfCert(id api.PeerIdentityType) common.PKIidType { return PKIID(id) }

// OrgByPeerIdentity implements api.SecurityAdvisor.
func (s *Service) OrgByPeerIdentity(id api.PeerIdentityType) api.OrgIdentityType { return Org(id) }

// ValidateIdentity refuses identities without organization and revoked ones.
func (s *Service) ValidateIdentity(id api.PeerIdentityType) error {
	if Org(id) == nil {
		return errors.New("not an identity")
	}
	s.authority.mu.RLock()
	defer s.authority.mu.RUnlock()
	if s.authority.revoked[string(id)] {
		return errors.Errorf("%s is revoked", id)
	}
	if at, set := s.authority.expiry[string(id)]; set && !time.Now().Before(at) {
		return errors.Errorf("%s has expired", id)
	}
	return nil
}

// Expiration implements api.MessageCryptoService.
func (s *Service) Expiration(id api.PeerIdentityType) (time.Time, error) {
	s.authority.mu.RLock()
	defer s.authority.mu.RUnlock()
	return s.authority.expiry[string(id)], nil
}

// Sign implements api.MessageCryptoService.
func (s *Service) Sign(message []byte) ([]byte, error) { return sign(s.self, message), nil }

func sign(id api.PeerIdentityType, message []byte) []byte {
	h := sha256.New()
	h.Write(id)
	h.Write([]byte{0})
	h.Write(message)
	return h.Sum(nil)
}

// Verify implements api.MessageCryptoService.
func (s *Service) Verify(id api.PeerIdentityType, signature, message []byte) error {
	if err := s.ValidateIdentity(id); err != nil {
		return err
	}
	if !bytes.Equal(signature, sign(id, message)) {
		return errors.Errorf("not the signature of %s", id)
	}
	return nil
}

// VerifyByChannel is Verify for members of organizations that may read the
// channel.
func (s *Service) VerifyByChannel(channel common.ChainID, id api.PeerIdentityType, signature, message []byte) error {
	s.authority.mu.RLock()
	reader := s.authority.channels[string(channel)][string(Org(id))]
	s.authority.mu.RUnlock()
	if !reader {
		return errors.Errorf("%s may not read %s", id, channel)
	}
	return s.Verify(id, signature, message)
}

// VerifyBlock accepts what Block makes.
func (s *Service) VerifyBlock(channel common.ChainID, number uint64, block []byte) error {
	head := seal(string(channel), number)
	if !bytes.HasPrefix(block, head[:]) {
		return errors.Errorf("not block %d of %s", number, channel)
	}
	return nil
}
