// SPDX-License-Identifier: Apache-2.0

// Package mocks has a security advisor for tests that program their
// collaborators with testify. Nothing but tests uses it.
package mocks

import (
	"github.com/stretchr/testify/mock"

	"github.com/hyperledger/fabric/gossip/api"
)

// SecurityAdvisor is an api.SecurityAdvisor whose answers are set by On.
type SecurityAdvisor struct {
	mock.Mock
}

// OrgByPeerIdentity records the call. The programmed result may be an
// organization, nil, or a function from the identity to an organization.
func (s *SecurityAdvisor) OrgByPeerIdentity(identity api.PeerIdentityType) api.OrgIdentityType {
	switch result := s.Called(identity).Get(0).(type) {
	case nil:
		return nil
	case func(api.PeerIdentityType) api.OrgIdentityType:
		return result(identity)
	default:
		return result.(api.OrgIdentityType)
	}
}
