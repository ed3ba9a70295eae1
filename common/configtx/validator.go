// SPDX-License-Identifier: Apache-2.0

package configtx

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/common/policies"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// ValidatorImpl is the Validator of one configuration of one channel.
type ValidatorImpl struct {
	channelID string
	rootName  string
	sequence  uint64
	current   elements
	proto     *cb.Config
	policies  policies.Manager
}

// NewValidatorImpl returns the validator of a configuration. namespace is the
// name that the root group has in paths (policies.ChannelPrefix), and pm the
// policy manager of the same configuration and root. The configuration must not
// be modified afterwards.
func NewValidatorImpl(channelID string, config *cb.Config, namespace string, pm policies.Manager) (*ValidatorImpl, error) {
	switch {
	case config == nil:
		return nil, errors.New("config is nil")
	case config.ChannelGroup == nil:
		return nil, errors.New("config has no channel group")
	}
	if err := checkChannelID(channelID); err != nil {
		return nil, errors.WithMessage(err, "bad channel ID")
	}
	current, err := flatten(config.ChannelGroup, namespace)
	if err != nil {
		return nil, errors.WithMessage(err, "bad configuration of channel "+channelID)
	}
	return &ValidatorImpl{
		channelID: channelID,
		rootName:  namespace,
		sequence:  config.Sequence,
		current:   current,
		proto:     config,
		policies:  pm,
	}, nil
}

// ChainID implements Validator.
func (v *ValidatorImpl) ChainID() string { return v.channelID }

// Sequence implements Validator.
func (v *ValidatorImpl) Sequence() uint64 { return v.sequence }

// ConfigProto implements Validator.
func (v *ValidatorImpl) ConfigProto() *cb.Config { return v.proto }

// ProposeConfigUpdate implements Validator.
func (v *ValidatorImpl) ProposeConfigUpdate(configtx *cb.Envelope) (*cb.ConfigEnvelope, error) {
	group, err := v.apply(configtx)
	if err != nil {
		return nil, errors.WithMessage(err, "config update of channel "+v.channelID+" refused")
	}
	return &cb.ConfigEnvelope{
		Config:     &cb.Config{Sequence: v.sequence + 1, ChannelGroup: group},
		LastUpdate: configtx,
	}, nil
}

// Validate implements Validator.
func (v *ValidatorImpl) Validate(configEnv *cb.ConfigEnvelope) error {
	switch {
	case configEnv == nil:
		return errors.New("config envelope is nil")
	case configEnv.Config == nil:
		return errors.New("config envelope has nil config")
	case configEnv.Config.Sequence != v.sequence+1:
		return errors.Errorf("config currently at sequence %d, cannot validate config at sequence %d", v.sequence, configEnv.Config.Sequence)
	case configEnv.LastUpdate == nil:
		return errors.New("config envelope has no last update, so nothing shows that anybody agreed to it")
	}
	expected, err := v.apply(configEnv.LastUpdate)
	if err != nil {
		return errors.WithMessage(err, "config of channel "+v.channelID+" refused, its last update is not acceptable")
	}
	if !proto.Equal(expected, configEnv.Config.ChannelGroup) {
		return errors.Errorf("config of channel %s at sequence %d is not what its last update leads to", v.channelID, configEnv.Config.Sequence)
	}
	return nil
}

// apply computes the tree that an update leads to, if it is authorized.
func (v *ValidatorImpl) apply(envelope *cb.Envelope) (*cb.ConfigGroup, error) {
	signed, err := unwrap(envelope)
	if err != nil {
		return nil, err
	}
	result, err := v.authorize(signed)
	if err != nil {
		return nil, err
	}
	group, err := assemble(result, v.rootName)
	return group, errors.WithMessage(err, "the update does not lead to a complete configuration")
}

// unwrap takes an update out of its CONFIG_UPDATE envelope.
func unwrap(envelope *cb.Envelope) (*cb.ConfigUpdateEnvelope, error) {
	if envelope == nil {
		return nil, errors.New("config update envelope is nil")
	}
	signed := &cb.ConfigUpdateEnvelope{}
	_, err := utils.UnmarshalEnvelopeOfType(envelope, cb.HeaderType_CONFIG_UPDATE, signed)
	return signed, errors.WithMessage(err, "not a config update")
}
