// SPDX-License-Identifier: Apache-2.0

package identity_test

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/identity"
)

// crypto is a cryptography service over identities like "org.peer", of which
// the PKI-ID is "id of org.peer". It implements only what a mapper calls.
type crypto struct {
	api.MessageCryptoService
	mutex     sync.Mutex
	invalid   map[string]bool
	expires   map[string]time.Time
	validated []string
	hashed    int
}

func newCrypto() *crypto {
	return &crypto{invalid: map[string]bool{}, expires: map[string]time.Time{}}
}

func (c *crypto) GetPKIidOfCert(id api.PeerIdentityType) common.PKIidType {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.hashed++
	return idOf(string(id))
}

func (c *crypto) ValidateIdentity(id api.PeerIdentityType) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.validated = append(c.validated, string(id))
	if c.invalid[string(id)] {
		return errInvalid
	}
	return nil
}

func (c *crypto) Expiration(id api.PeerIdentityType) (time.Time, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if string(id) == "garbled" {
		return time.Time{}, errors.New("no certificate")
	}
	return c.expires[string(id)], nil
}

func (c *crypto) Sign(msg []byte) ([]byte, error) { return append([]byte("signed "), msg...), nil }

func (c *crypto) Verify(id api.PeerIdentityType, signature, message []byte) error {
	if string(signature) != string(id)+" signed "+string(message) {
		return errors.New("not its signature")
	}
	return nil
}

func (c *crypto) revoke(id string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.invalid[id] = true
}

func (c *crypto) forgetValidated() []string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	validated := c.validated
	c.validated = nil
	sort.Strings(validated)
	return validated
}

var errInvalid = errors.New("revoked")

func idOf(id string) common.PKIidType { return common.PKIidType("id of " + id) }

type orgs struct{}

func (orgs) OrgByPeerIdentity(id api.PeerIdentityType) api.OrgIdentityType {
	return api.OrgIdentityType(strings.Split(string(id), ".")[0])
}

// purged counts the identities that a mapper reported as gone.
type purged struct {
	mutex sync.Mutex
	times map[string]int
}

func (p *purged) note(id common.PKIidType, who api.PeerIdentityType) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.times == nil {
		p.times = map[string]int{}
	}
	p.times[fmt.Sprintf("%s/%s", id, who)]++
}

func (p *purged) list() map[string]int {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	list := map[string]int{}
	for who, times := range p.times {
		list[who] = times
	}
	return list
}

func put(m identity.Mapper, id string) error {
	return m.Put(idOf(id), api.PeerIdentityType(id))
}

func held(m identity.Mapper) string {
	var ids []string
	for _, info := range m.IdentityInfo() {
		ids = append(ids, string(info.Identity))
	}
	sort.Strings(ids)
	return strings.Join(ids, " ")
}

func TestWhatIsRefused(t *testing.T) {
	c := newCrypto()
	c.invalid["A.bad"] = true
	c.expires["A.old"] = time.Now().Add(-time.Second)
	c.expires["A.revoked"] = time.Now().Add(-time.Second)
	c.invalid["A.revoked"] = true
	m := identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), (&purged{}).note, orgs{})
	defer m.Stop()
	for _, refused := range []struct {
		pkiID common.PKIidType
		who   api.PeerIdentityType
		why   string
	}{
		{nil, api.PeerIdentityType("A.x"), "PKIID is nil"},
		{common.PKIidType{}, api.PeerIdentityType("A.x"), "PKIID is nil"},
		{idOf("A.x"), nil, "identity is nil"},
		{idOf("garbled"), api.PeerIdentityType("garbled"), "cannot tell when the identity expires: no certificate"},
		{idOf("A.bad"), api.PeerIdentityType("A.bad"), "revoked"},
		{idOf("A.revoked"), api.PeerIdentityType("A.revoked"), "revoked"},
		{idOf("A.x"), api.PeerIdentityType("A.y"), "identity doesn't match the computed pkiID"},
		{idOf("A.self"), api.PeerIdentityType("A.y"), "identity doesn't match the computed pkiID"},
		{idOf("A.old"), api.PeerIdentityType("A.old"), "identity expired"},
	} {
		assert.EqualError(t, m.Put(refused.pkiID, refused.who), refused.why)
	}
	assert.True(t, put(m, "A.bad") == errInvalid, "as it came")
	assert.Equal(t, "A.self", held(m))
	_, err := m.Get(idOf("A.x"))
	assert.Error(t, err)
	assert.Contains(t, err.Error(), "PKIID wasn't found")
	assert.Contains(t, m.Verify(idOf("A.x"), nil, nil).Error(), "PKIID wasn't found")

	assert.Panics(t, func() {
		identity.NewIdentityMapper(c, api.PeerIdentityType("A.bad"), (&purged{}).note, orgs{})
	})
}

func TestWhatIsKnown(t *testing.T) {
	c := newCrypto()
	m := identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), (&purged{}).note, orgs{})
	defer m.Stop()
	assert.NoError(t, put(m, "B.x"))
	who, err := m.Get(idOf("B.x"))
	assert.NoError(t, err)
	assert.Equal(t, "B.x", string(who))
	assert.NoError(t, m.Verify(idOf("B.x"), []byte("B.x signed this"), []byte("this")))
	assert.EqualError(t, m.Verify(idOf("B.x"), []byte("A.self signed this"), []byte("this")), "not its signature")
	signature, err := m.Sign([]byte("this"))
	assert.NoError(t, err)
	assert.Equal(t, "signed this", string(signature))
	assert.Equal(t, idOf("any"), m.GetPKIidOfCert(api.PeerIdentityType("any")))
	byID := m.IdentityInfo().ByID()
	assert.Len(t, byID, 2)
	assert.Equal(t, api.PeerIdentityInfo{PKIId: idOf("B.x"), Identity: api.PeerIdentityType("B.x"), Organization: api.OrgIdentityType("B")}, byID[string(idOf("B.x"))])
	assert.Equal(t, "A", string(byID[string(idOf("A.self"))].Organization))
}

// An identity that is in is validated again with each Put, but not hashed.
func TestPutAgain(t *testing.T) {
	c := newCrypto()
	m := identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), (&purged{}).note, orgs{})
	defer m.Stop()
	assert.NoError(t, put(m, "A.x"))
	hashed := c.hashed
	c.forgetValidated()
	assert.NoError(t, put(m, "A.x"))
	assert.Equal(t, hashed, c.hashed)
	assert.Equal(t, []string{"A.x"}, c.forgetValidated())
	c.revoke("A.x")
	assert.True(t, put(m, "A.x") == errInvalid)
	_, err := m.Get(idOf("A.x"))
	assert.NoError(t, err, "being offered an identity is no suspicion")
}

func TestSuspectsAreValidated(t *testing.T) {
	c, gone := newCrypto(), &purged{}
	m := identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), gone.note, orgs{})
	for _, id := range []string{"A.x", "B.y", "B.z"} {
		assert.NoError(t, put(m, id))
		c.revoke(id)
	}
	c.revoke("A.self")
	c.forgetValidated()
	m.SuspectPeers(func(api.PeerIdentityType) bool { return false })
	assert.Empty(t, c.forgetValidated())
	m.SuspectPeers(func(who api.PeerIdentityType) bool { return who[0] == 'B' })
	assert.Equal(t, []string{"B.y", "B.z"}, c.forgetValidated())
	assert.Equal(t, "A.self A.x", held(m))
	assert.Equal(t, map[string]int{"id of B.y/B.y": 1, "id of B.z/B.z": 1}, gone.list())
	m.Stop()
	m.Stop()
	m.SuspectPeers(func(api.PeerIdentityType) bool { return true })
	assert.Equal(t, "", held(m), "also the peer's own, also after Stop")
	assert.Len(t, gone.list(), 4)
}

func TestCallbacksMayUseTheMapper(t *testing.T) {
	c := newCrypto()
	var m identity.Mapper
	reported := make(chan string, 1)
	m = identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), func(id common.PKIidType, who api.PeerIdentityType) {
		_, err := m.Get(id)
		assert.Error(t, err, "gone already")
		put(m, "A.successor")
		m.Stop()
		m.SuspectPeers(func(api.PeerIdentityType) bool { return false })
		reported <- string(who)
	}, orgs{})
	assert.NoError(t, put(m, "A.x"))
	c.revoke("A.x")
	m.SuspectPeers(func(who api.PeerIdentityType) bool {
		m.IdentityInfo()
		return string(who) == "A.x"
	})
	assert.Equal(t, "A.x", <-reported)
	assert.Equal(t, "A.self A.successor", held(m))
}

func TestMapperIsForManyGoroutines(t *testing.T) {
	c, gone := newCrypto(), &purged{}
	m := identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), gone.note, orgs{})
	defer m.Stop()
	c.revoke("A.bad")
	var all sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		all.Add(1)
		go func(worker int) {
			defer all.Done()
			for i := 0; i < 100; i++ {
				id := fmt.Sprintf("A.%d", i%10)
				assert.NoError(t, put(m, id))
				m.Get(idOf(id))
				m.IdentityInfo()
				assert.Error(t, put(m, "A.bad"))
				m.SuspectPeers(func(who api.PeerIdentityType) bool { return string(who) == id })
				identity.SetIdentityUsageThreshold(identity.GetIdentityUsageThreshold())
			}
		}(worker)
	}
	all.Wait()
	assert.Len(t, m.IdentityInfo(), 11)
	assert.Empty(t, gone.list())
}

// Of many that find out about the same identity, one reports it.
func TestPurgesAreReportedOnce(t *testing.T) {
	c, gone := newCrypto(), &purged{}
	m := identity.NewIdentityMapper(c, api.PeerIdentityType("A.self"), gone.note, orgs{})
	defer m.Stop()
	for i := 0; i < 20; i++ {
		id := fmt.Sprintf("A.%d", i)
		assert.NoError(t, put(m, id))
		c.revoke(id)
	}
	var all sync.WaitGroup
	for worker := 0; worker < 4; worker++ {
		all.Add(1)
		go func() {
			defer all.Done()
			m.SuspectPeers(func(api.PeerIdentityType) bool { return true })
		}()
	}
	all.Wait()
	assert.Equal(t, "A.self", held(m))
	assert.Len(t, gone.list(), 20)
	for who, times := range gone.list() {
		assert.Equal(t, 1, times, who)
	}
}
