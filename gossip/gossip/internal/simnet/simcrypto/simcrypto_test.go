// SPDX-License-Identifier: Apache-2.0

package simcrypto_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/internal/simnet/simcrypto"
)

var (
	_ api.MessageCryptoService = (*simcrypto.Service)(nil)
	_ api.SecurityAdvisor      = (*simcrypto.Service)(nil)

	alice   = simcrypto.Identity("A", "alice", 0)
	renewed = simcrypto.Identity("A", "alice", 1)
	bob     = simcrypto.Identity("B", "bob", 0)
)

func TestIdentities(t *testing.T) {
	s := (&simcrypto.Authority{}).Service(alice)
	assert.Equal(t, "A", string(s.OrgByPeerIdentity(alice)))
	assert.Nil(t, s.OrgByPeerIdentity(api.PeerIdentityType("nobody")))
	assert.Nil(t, s.OrgByPeerIdentity(api.PeerIdentityType("/nobody")))
	assert.NotEqual(t, s.GetPKIidOfCert(alice), s.GetPKIidOfCert(renewed))
	assert.NoError(t, s.ValidateIdentity(bob))
	assert.Error(t, s.ValidateIdentity(api.PeerIdentityType("nobody")))
}

func TestSignatures(t *testing.T) {
	a := &simcrypto.Authority{}
	a.SetChannel("ch", "A")
	s := a.Service(alice)
	signature, err := s.Sign([]byte("text"))
	assert.NoError(t, err)
	assert.NoError(t, s.Verify(alice, signature, []byte("text")))
	assert.Error(t, s.Verify(alice, signature, []byte("another text")))
	assert.Error(t, s.Verify(renewed, signature, []byte("text")))
	assert.Error(t, s.Verify(alice, nil, []byte("text")))

	assert.NoError(t, s.VerifyByChannel(common.ChainID("ch"), alice, signature, []byte("text")))
	assert.Error(t, s.VerifyByChannel(common.ChainID("ch"), alice, signature, []byte("another text")))
	assert.Error(t, s.VerifyByChannel(common.ChainID("another"), alice, signature, []byte("text")))
	bobs, _ := a.Service(bob).Sign([]byte("text"))
	assert.NoError(t, s.Verify(bob, bobs, []byte("text")))
	assert.Error(t, s.VerifyByChannel(common.ChainID("ch"), bob, bobs, []byte("text")))
}

func TestEndOfIdentities(t *testing.T) {
	a := &simcrypto.Authority{}
	s := a.Service(alice)
	signature, _ := s.Sign([]byte("text"))
	a.Revoke(alice)
	assert.Error(t, s.Verify(alice, signature, []byte("text")))

	expiration, err := s.Expiration(bob)
	assert.NoError(t, err)
	assert.True(t, expiration.IsZero())
	a.Expire(bob, time.Now().Add(time.Hour))
	assert.NoError(t, s.ValidateIdentity(bob))
	a.Expire(bob, time.Now())
	assert.Error(t, s.ValidateIdentity(bob))
}

func TestBlocks(t *testing.T) {
	s := (&simcrypto.Authority{}).Service(alice)
	block := simcrypto.Block("ch", 7, 100)
	assert.True(t, len(block) >= 100)
	assert.NoError(t, s.VerifyBlock(common.ChainID("ch"), 7, block))
	assert.Error(t, s.VerifyBlock(common.ChainID("ch"), 8, block))
	assert.Error(t, s.VerifyBlock(common.ChainID("another"), 7, block))
	assert.Error(t, s.VerifyBlock(common.ChainID("ch"), 7, nil))
}
