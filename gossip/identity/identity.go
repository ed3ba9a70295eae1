// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bytes"
	"fmt"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
)

// purgeTrigger is told of an identity that has left. It may be called from
// several goroutines at once.
type purgeTrigger func(pkiID common.PKIidType, identity api.PeerIdentityType)

// Mapper holds the identities of peers, its own among them, by their PKI-IDs.
// It may be used from many goroutines.
type Mapper interface {
	// Put takes in an identity, unless it is invalid, has expired or is not the
	// one of that PKI-ID. One that is in already is checked, but left as it is.
	Put(pkiID common.PKIidType, identity api.PeerIdentityType) error

	// Get returns the identity of a PKI-ID; it counts as used then. The error
	// means that it is not known.
	Get(pkiID common.PKIidType) (api.PeerIdentityType, error)

	// Sign signs a message with the peer's own identity.
	Sign(msg []byte) ([]byte, error)

	// Verify checks a signature by the identity of a PKI-ID over a message.
	Verify(vkID, signature, message []byte) error

	// GetPKIidOfCert computes the PKI-ID of any identity.
	GetPKIidOfCert(api.PeerIdentityType) common.PKIidType

	// SuspectPeers validates the identities that are suspected and purges those
	// that turn out to be invalid, together with unused ones. All have left and
	// have been reported when it returns.
	SuspectPeers(isSuspected api.PeerSuspector)

	// IdentityInfo lists what is known now.
	IdentityInfo() api.PeerIdentitySet

	// Stop keeps identities from leaving by themselves. It returns at once and
	// may be called more than once. The mapper can be used as before.
	Stop()
}

// mapper is the one implementation of Mapper.
type mapper struct {
	mcs     api.MessageCryptoService
	advisor api.SecurityAdvisor
	onPurge purgeTrigger
	self    common.PKIidType
	start   time.Time // of the clock by which use is measured

	mutex sync.RWMutex
	// Guarded by mutex:
	identities table
	patrol     *time.Timer // looks for what can leave
	stopped    bool
}

// NewIdentityMapper makes a mapper that holds the peer's own identity, and
// panics if that one cannot be put in. onPurge is told of each identity that
// leaves.
func NewIdentityMapper(mcs api.MessageCryptoService, selfIdentity api.PeerIdentityType, onPurge purgeTrigger, sa api.SecurityAdvisor) Mapper {
	m := &mapper{
		mcs:        mcs,
		advisor:    sa,
		onPurge:    onPurge,
		self:       mcs.GetPKIidOfCert(selfIdentity),
		start:      time.Now(),
		identities: make(table),
	}
	if err := m.Put(m.self, selfIdentity); err != nil {
		panic(fmt.Sprintf("the peer's own identity is not acceptable: %v", err))
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.patrol = time.AfterFunc(patrolInterval(), m.runPatrol)
	return m
}

// clock is the time since the mapper was made. It does not jump as the
// system's may.
func (m *mapper) clock() time.Duration { return time.Since(m.start) }

func (m *mapper) Put(pkiID common.PKIidType, identity api.PeerIdentityType) error {
	if len(pkiID) == 0 {
		return errors.New("PKIID is nil")
	}
	if len(identity) == 0 {
		return errors.New("identity is nil")
	}
	expires, err := m.mcs.Expiration(identity)
	if err != nil {
		return errors.Wrap(err, "cannot tell when the identity expires")
	}
	if err := m.mcs.ValidateIdentity(identity); err != nil {
		return err
	}
	if m.holds(pkiID, identity) {
		return nil
	}
	if !bytes.Equal(pkiID, m.mcs.GetPKIidOfCert(identity)) {
		return errors.New("identity doesn't match the computed pkiID")
	}
	if m.lookUp(pkiID) != nil {
		return nil
	}
	if expired(expires, time.Now()) {
		return errors.New("identity expired")
	}
	m.admit(&known{pkiID: pkiID, identity: identity, org: m.advisor.OrgByPeerIdentity(identity), expires: expires})
	return nil
}

// holds tells whether exactly this identity has been found to be the one of the
// PKI-ID before.
func (m *mapper) holds(pkiID common.PKIidType, identity api.PeerIdentityType) bool {
	k := m.lookUp(pkiID)
	return k != nil && bytes.Equal(k.identity, identity)
}

func (m *mapper) lookUp(pkiID common.PKIidType) *known {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	return m.identities.get(pkiID)
}

// admit puts an entry in, unless another call has been faster.
func (m *mapper) admit(k *known) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.identities.get(k.pkiID) != nil {
		return
	}
	k.asked(m.clock())
	m.identities.put(k)
	if !k.expires.IsZero() && !m.stopped {
		k.expiry = time.AfterFunc(k.remaining(), func() { m.expire(k) })
	}
}

func (m *mapper) Get(pkiID common.PKIidType) (api.PeerIdentityType, error) {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	k := m.identities.get(pkiID)
	if k == nil {
		return nil, errors.New("PKIID wasn't found")
	}
	k.asked(m.clock())
	return k.identity, nil
}

func (m *mapper) Sign(msg []byte) ([]byte, error) { return m.mcs.Sign(msg) }

func (m *mapper) Verify(vkID, signature, message []byte) error {
	identity, err := m.Get(vkID)
	if err != nil {
		return err
	}
	return m.mcs.Verify(identity, signature, message)
}

func (m *mapper) GetPKIidOfCert(identity api.PeerIdentityType) common.PKIidType {
	return m.mcs.GetPKIidOfCert(identity)
}

func (m *mapper) IdentityInfo() api.PeerIdentitySet {
	m.mutex.RLock()
	defer m.mutex.RUnlock()
	set := make(api.PeerIdentitySet, 0, len(m.identities))
	for _, k := range m.identities {
		set = append(set, api.PeerIdentityInfo{PKIId: k.pkiID, Identity: k.identity, Organization: k.org})
	}
	return set
}

func (m *mapper) Stop() {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.stopped = true
	m.patrol.Stop()
	for _, k := range m.identities {
		k.disarm()
	}
}
