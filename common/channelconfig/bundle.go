// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"fmt"

	"github.com/hyperledger/fabric/common/cauthdsl"
	"github.com/hyperledger/fabric/common/configtx"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// Bundle is the configuration of one channel at one sequence number. It
// implements Resources, is immutable, and may be used from any goroutine.
type Bundle struct {
	channel   *ChannelConfig
	policies  policies.Manager
	validator configtx.Validator
}

// NewBundle reads and checks a whole configuration. The configuration must not
// be changed afterwards: the bundle keeps it.
//
// Capabilities that this code lacks are no error here: ask Supported on the
// sections' capabilities before relying on the bundle.
func NewBundle(channelID string, config *cb.Config) (*Bundle, error) {
	if err := checkShape(config); err != nil {
		return nil, err
	}
	channel, err := NewChannelConfig(config.ChannelGroup)
	if err != nil {
		return nil, fmt.Errorf("reading the configuration of channel %q: %w", channelID, err)
	}
	providers := map[int32]policies.Provider{
		int32(cb.Policy_SIGNATURE): cauthdsl.NewPolicyProvider(channel.MSPManager()),
	}
	manager, err := policies.NewManagerImpl(RootGroupKey, providers, config.ChannelGroup)
	if err != nil {
		return nil, fmt.Errorf("reading the policies of channel %q: %w", channelID, err)
	}
	validator, err := configtx.NewValidatorImpl(channelID, config, RootGroupKey, manager)
	if err != nil {
		return nil, fmt.Errorf("preparing updates of channel %q: %w", channelID, err)
	}
	return &Bundle{channel: channel, policies: manager, validator: validator}, nil
}

// NewBundleFromEnvelope reads the configuration that a CONFIG envelope, the
// sole entry of a config block, carries. The envelope's signature is not
// looked at.
func NewBundleFromEnvelope(env *cb.Envelope) (*Bundle, error) {
	if env == nil {
		return nil, fmt.Errorf("config envelope is nil")
	}
	payload, err := utils.UnmarshalPayload(env.Payload)
	if err != nil {
		return nil, fmt.Errorf("decoding the payload of a config envelope: %w", err)
	}
	if payload.Header == nil {
		return nil, fmt.Errorf("config envelope has no header")
	}
	header, err := utils.UnmarshalChannelHeader(payload.Header.ChannelHeader)
	if err != nil {
		return nil, fmt.Errorf("decoding the channel header of a config envelope: %w", err)
	}
	if header.Type != int32(cb.HeaderType_CONFIG) {
		return nil, fmt.Errorf("envelope is of type %d, a config envelope is of type %d", header.Type, cb.HeaderType_CONFIG)
	}
	contents, err := configtx.UnmarshalConfigEnvelope(payload.Data)
	if err != nil {
		return nil, fmt.Errorf("decoding the contents of a config envelope: %w", err)
	}
	return NewBundle(header.ChannelId, contents.Config)
}

// ConfigtxValidator knows the raw configuration, its sequence, and who may change it.
func (b *Bundle) ConfigtxValidator() configtx.Validator { return b.validator }

// PolicyManager resolves policies from /Channel.
func (b *Bundle) PolicyManager() policies.Manager { return b.policies }

// MSPManager serves identities of all organizations in the channel.
func (b *Bundle) MSPManager() msp.MSPManager { return b.channel.MSPManager() }

// ChannelConfig gives the values of the root group.
func (b *Bundle) ChannelConfig() Channel { return b.channel }

// OrdererConfig gives the ordering service's section; nil and false when absent.
func (b *Bundle) OrdererConfig() (Orderer, bool) {
	if section := b.channel.OrdererConfig(); section != nil {
		return section, true
	}
	return nil, false
}

// ApplicationConfig gives the application section; nil and false when absent.
func (b *Bundle) ApplicationConfig() (Application, bool) {
	if section := b.channel.ApplicationConfig(); section != nil {
		return section, true
	}
	return nil, false
}

// ConsortiumsConfig gives a system channel's section; nil and false when absent.
func (b *Bundle) ConsortiumsConfig() (Consortiums, bool) {
	if section := b.channel.ConsortiumsConfig(); section != nil {
		return section, true
	}
	return nil, false
}
