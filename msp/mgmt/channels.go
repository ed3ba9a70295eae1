// SPDX-License-Identifier: Apache-2.0

package mgmt

import (
	"sync"
	"sync/atomic"

	"github.com/hyperledger/fabric/msp"
	mspproto "github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// managerTable is the managers by channel. Readers take the current map without a lock; writers replace it.
type managerTable struct {
	writers sync.Mutex
	current atomic.Pointer[map[string]msp.MSPManager]
}

var channels managerTable

func (t *managerTable) snapshot() map[string]msp.MSPManager {
	if m := t.current.Load(); m != nil {
		return *m
	}
	return nil
}

// get returns the channel's manager, nil if it has none.
func (t *managerTable) get(channel string) msp.MSPManager {
	return t.snapshot()[channel]
}

// put installs a manager; nil removes the channel's.
func (t *managerTable) put(channel string, m msp.MSPManager) {
	t.writers.Lock()
	defer t.writers.Unlock()
	t.replace(channel, m)
}

// putIfAbsent installs m unless the channel has a manager already, and returns the one installed.
func (t *managerTable) putIfAbsent(channel string, m msp.MSPManager) msp.MSPManager {
	t.writers.Lock()
	defer t.writers.Unlock()
	if there := t.get(channel); there != nil {
		return there
	}
	t.replace(channel, m)
	return m
}

// replace publishes a new map; the caller holds writers.
func (t *managerTable) replace(channel string, m msp.MSPManager) {
	next := make(map[string]msp.MSPManager, len(t.snapshot())+1)
	for name, there := range t.snapshot() {
		next[name] = there
	}
	if m == nil {
		delete(next, channel)
	} else {
		next[channel] = m
	}
	t.current.Store(&next)
}

// unsetManager stands for a channel that had no manager when it was asked for. It is not stored anywhere, so asking for
// arbitrary names costs no memory; it looks the channel up at each use and so comes alive with it.
type unsetManager struct {
	channel string
}

func (u unsetManager) installed() (msp.MSPManager, error) {
	if m := channels.get(u.channel); m != nil {
		return m, nil
	}
	return nil, errors.Errorf("channel doesn't exist: no MSPs are known for %q", u.channel)
}

// Setup gives the channel a manager of these MSPs, which all later look-ups find. If it has got one meanwhile, nothing
// changes, as with any manager that is set up twice.
func (u unsetManager) Setup(msps []msp.MSP) error {
	if channels.get(u.channel) != nil {
		return nil
	}
	m := msp.NewMSPManager()
	if err := m.Setup(msps); err != nil {
		return errors.WithMessagef(err, "MSPs of channel %q", u.channel)
	}
	channels.putIfAbsent(u.channel, m)
	return nil
}

func (u unsetManager) GetMSPs() (map[string]msp.MSP, error) {
	m, err := u.installed()
	if err != nil {
		return nil, err
	}
	return m.GetMSPs()
}

func (u unsetManager) DeserializeIdentity(serialized []byte) (msp.Identity, error) {
	m, err := u.installed()
	if err != nil {
		return nil, err
	}
	return m.DeserializeIdentity(serialized)
}

func (u unsetManager) IsWellFormed(identity *mspproto.SerializedIdentity) error {
	m, err := u.installed()
	if err != nil {
		return err
	}
	return m.IsWellFormed(identity)
}

// GetManagerForChain returns the channel's manager. For a channel without one, the result fails everything until a
// manager is installed by its own Setup or by XXXSetMSPManager.
func GetManagerForChain(chainID string) msp.MSPManager {
	if m := channels.get(chainID); m != nil {
		return m
	}
	return unsetManager{channel: chainID}
}

// XXXSetMSPManager installs a ready manager for a channel in place of the one before; nil removes it.
func XXXSetMSPManager(chainID string, manager msp.MSPManager) {
	if u, ok := manager.(unsetManager); ok {
		// Storing it would make it its own answer.
		manager = channels.get(u.channel)
	}
	channels.put(chainID, manager)
}

// GetDeserializers returns the managers of all channels that have one. The map is the caller's.
func GetDeserializers() map[string]msp.IdentityDeserializer {
	managers := channels.snapshot()
	out := make(map[string]msp.IdentityDeserializer, len(managers))
	for name, m := range managers {
		out[name] = m
	}
	return out
}

// GetIdentityDeserializer returns the channel's manager, or the local MSP for the empty name.
func GetIdentityDeserializer(chainID string) msp.IdentityDeserializer {
	if chainID == "" {
		return GetLocalMSP()
	}
	return GetManagerForChain(chainID)
}
