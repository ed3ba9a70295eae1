// SPDX-License-Identifier: Apache-2.0

package gossip

import (
	"bytes"
	"sync"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
)

// orgDirectory tells which organizations peers belong to. The organization of
// an identity never changes, and telling it takes decoding a certificate, so it
// is told once. The identity is looked up each time: it may have left, and if it
// has not, being asked about keeps it from leaving.
type orgDirectory struct {
	idMapper identity.Mapper
	advisor  api.SecurityAdvisor

	mutex sync.RWMutex
	known map[string]api.OrgIdentityType // by PKI-ID; guarded by mutex
	left  uint64                         // counts identities that have left; guarded by mutex
}

func newOrgDirectory(idMapper identity.Mapper, advisor api.SecurityAdvisor) *orgDirectory {
	return &orgDirectory{idMapper: idMapper, advisor: advisor, known: map[string]api.OrgIdentityType{}}
}

// of returns nil if the identity of a peer is not known, or of no organization.
func (d *orgDirectory) of(pkiID common.PKIidType) api.OrgIdentityType {
	identity, err := d.idMapper.Get(pkiID)
	if err != nil {
		return nil
	}
	d.mutex.RLock()
	org, known := d.known[string(pkiID)]
	d.mutex.RUnlock()
	if known {
		return org
	}
	if org = d.advisor.OrgByPeerIdentity(identity); len(org) == 0 {
		return nil
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.known[string(pkiID)] = org
	return org
}

// isIn tells whether a peer is known to belong to that organization.
func (d *orgDirectory) isIn(pkiID common.PKIidType, org api.OrgIdentityType) bool {
	of := d.of(pkiID)
	return len(of) > 0 && bytes.Equal(of, org)
}

// forget is called when an identity has left.
func (d *orgDirectory) forget(pkiID common.PKIidType) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	delete(d.known, string(pkiID))
	d.left++
}

// departures is how many identities have left. For as long as that is the same,
// whoever belonged to an organization still does.
func (d *orgDirectory) departures() uint64 {
	d.mutex.RLock()
	defer d.mutex.RUnlock()
	return d.left
}
