// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"sync"
	"sync/atomic"

	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
	"go.uber.org/zap/zapcore"
)

// manager finds the MSP for an identity.
type manager struct {
	// setup serialises Setup; readers go by the table alone.
	setup sync.Mutex
	// table is nil until Setup and never changes afterwards.
	table atomic.Pointer[managerTable]
}

type managerTable struct {
	byID map[string]MSP
	// oneOfEach has an MSP of every kind of provider in use.
	oneOfEach []MSP
}

// NewMSPManager returns a manager that knows no MSP yet.
func NewMSPManager() MSPManager {
	return &manager{}
}

// Setup takes the MSPs over. Of two with one identifier the latter counts. A second call changes nothing.
func (mgr *manager) Setup(msps []MSP) error {
	mgr.setup.Lock()
	defer mgr.setup.Unlock()
	if mgr.table.Load() != nil {
		logger.Infof("The MSP manager is in use already, it keeps its MSPs")
		return nil
	}
	t := &managerTable{byID: make(map[string]MSP, len(msps))}
	kinds := make(map[ProviderType]bool)
	for i, m := range msps {
		if m == nil {
			return errors.Errorf("MSP %d is nil", i)
		}
		id, err := m.GetIdentifier()
		if err != nil {
			return errors.WithMessagef(err, "identifier of MSP %d", i)
		}
		t.byID[id] = m
		if kind := m.GetType(); !kinds[kind] {
			kinds[kind] = true
			t.oneOfEach = append(t.oneOfEach, m)
		}
	}
	mgr.table.Store(t)
	return nil
}

// loaded returns the table, an empty one before Setup.
func (mgr *manager) loaded() *managerTable {
	if t := mgr.table.Load(); t != nil {
		return t
	}
	return &managerTable{}
}

// GetMSPs returns nil before Setup.
func (mgr *manager) GetMSPs() (map[string]MSP, error) {
	return mgr.loaded().byID, nil
}

// DeserializeIdentity asks the MSP that the identity names. MSPs that remember identities get the bytes undecoded.
func (mgr *manager) DeserializeIdentity(serialized []byte) (Identity, error) {
	t := mgr.loaded()
	if id, ok := peekMSPID(serialized); ok {
		if m, ok := t.byID[string(id)]; ok {
			return m.DeserializeIdentity(serialized)
		}
		return nil, errors.Errorf("MSP %s is unknown", shown(string(id)))
	}
	sid, err := parseSerialized(serialized)
	if err != nil {
		return nil, err
	}
	m, ok := t.byID[sid.Mspid]
	if !ok {
		return nil, errors.Errorf("MSP %s is unknown", shown(sid.Mspid))
	}
	return m.DeserializeIdentity(serialized)
}

// IsWellFormed leaves the verdict to the MSP that the identity names. If that is none of ours, one MSP of any kind has
// to accept the form.
func (mgr *manager) IsWellFormed(identity *msp.SerializedIdentity) error {
	t := mgr.loaded()
	asked := t.oneOfEach
	if m, ok := t.byID[identity.GetMspid()]; ok {
		asked = []MSP{m}
	}
	for _, m := range asked {
		err := m.IsWellFormed(identity)
		if err == nil {
			return nil
		}
		if logger.IsEnabledFor(zapcore.DebugLevel) {
			logger.Debugf("Identity refused: %v", err)
		}
	}
	return errors.New("no MSP provider recognizes the identity")
}
