// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"fmt"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/msp"
	"github.com/hyperledger/fabric/msp/cache"
	mspprotos "github.com/hyperledger/fabric/protos/msp"
)

// MSPConfigHandler sets up the MSPs of a channel while its configuration is
// read. An organization that is mentioned several times, as an orderer and as a
// peer organization for instance, must be defined the same way each time. Not
// safe for concurrent use; a handler serves one configuration.
type MSPConfigHandler struct {
	version msp.MSPVersion
	byID    map[string]definedMSP
}

type definedMSP struct {
	definition *mspprotos.MSPConfig
	provider   msp.MSP
}

// NewMSPConfigHandler makes a handler for MSPs with the semantics of that version.
func NewMSPConfigHandler(mspVersion msp.MSPVersion) *MSPConfigHandler {
	return &MSPConfigHandler{version: mspVersion, byID: make(map[string]definedMSP)}
}

// ProposeMSP sets up an MSP and remembers it for CreateMSPManager. For a
// definition seen before it returns the MSP made then; another definition
// with the same identifier is an error.
func (h *MSPConfigHandler) ProposeMSP(mspConfig *mspprotos.MSPConfig) (msp.MSP, error) {
	if mspConfig == nil {
		return nil, fmt.Errorf("MSP definition is nil")
	}
	for _, known := range h.byID {
		if proto.Equal(known.definition, mspConfig) {
			return known.provider, nil
		}
	}
	provider, err := h.create(mspConfig)
	if err != nil {
		return nil, err
	}
	id, err := provider.GetIdentifier()
	if err != nil {
		return nil, fmt.Errorf("reading the identifier of an MSP: %w", err)
	}
	if _, taken := h.byID[id]; taken {
		return nil, fmt.Errorf("two different definitions of the MSP %q in one channel", id)
	}
	h.byID[id] = definedMSP{definition: mspConfig, provider: provider}
	return provider, nil
}

// create builds an MSP of the definition's type and sets it up.
func (h *MSPConfigHandler) create(definition *mspprotos.MSPConfig) (msp.MSP, error) {
	var options msp.NewOpts
	base := msp.NewBaseOpts{Version: h.version}
	switch kind := msp.ProviderType(definition.Type); kind {
	case msp.FABRIC:
		options = &msp.BCCSPNewOpts{NewBaseOpts: base}
	case msp.IDEMIX:
		options = &msp.IdemixNewOpts{NewBaseOpts: base}
	default:
		return nil, fmt.Errorf("MSP definition is of type %d, which does not exist", kind)
	}
	provider, err := msp.New(options)
	if err != nil {
		return nil, fmt.Errorf("creating an MSP: %w", err)
	}
	if msp.ProviderType(definition.Type) == msp.FABRIC {
		// X.509 checks are costly and repeat for the same few identities.
		if provider, err = cache.New(provider); err != nil {
			return nil, fmt.Errorf("creating the cache of an MSP: %w", err)
		}
	}
	if err := provider.Setup(definition); err != nil {
		return nil, fmt.Errorf("setting up an MSP: %w", err)
	}
	return provider, nil
}

// CreateMSPManager returns a manager over all MSPs proposed so far.
func (h *MSPConfigHandler) CreateMSPManager() (msp.MSPManager, error) {
	members := make([]msp.MSP, 0, len(h.byID))
	for _, id := range sortedKeys(h.byID) {
		members = append(members, h.byID[id].provider)
	}
	manager := msp.NewMSPManager()
	if err := manager.Setup(members); err != nil {
		return nil, fmt.Errorf("setting up the MSP manager: %w", err)
	}
	return manager, nil
}
