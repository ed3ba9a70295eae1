// SPDX-License-Identifier: Apache-2.0

package mocks

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"

	"github.com/hyperledger/fabric/gossip/api"
)

var _ api.SecurityAdvisor = &SecurityAdvisor{}

func TestProgrammedAnswers(t *testing.T) {
	s := &SecurityAdvisor{}
	s.On("OrgByPeerIdentity", api.PeerIdentityType("nobody")).Return(nil)
	s.On("OrgByPeerIdentity", api.PeerIdentityType("alice")).Return(api.OrgIdentityType("A"))
	s.On("OrgByPeerIdentity", mock.Anything).Return(func(id api.PeerIdentityType) api.OrgIdentityType {
		return api.OrgIdentityType("of " + string(id))
	})
	assert.Nil(t, s.OrgByPeerIdentity(api.PeerIdentityType("nobody")))
	assert.Equal(t, api.OrgIdentityType("A"), s.OrgByPeerIdentity(api.PeerIdentityType("alice")))
	assert.Equal(t, api.OrgIdentityType("of bob"), s.OrgByPeerIdentity(api.PeerIdentityType("bob")))
	s.AssertNumberOfCalls(t, "OrgByPeerIdentity", 3)
}
