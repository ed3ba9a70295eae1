// SPDX-License-Identifier: Apache-2.0

package configtx

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

// Validator judges changes to one channel's configuration.
type Validator interface {
	// Validate returns nil if the envelope holds a legitimate successor of the
	// current configuration, together with the update that led to it.
	Validate(configEnv *cb.ConfigEnvelope) error

	// ProposeConfigUpdate returns the successor of the current configuration
	// that a CONFIG_UPDATE envelope asks for, if its signatures allow that.
	ProposeConfigUpdate(configtx *cb.Envelope) (*cb.ConfigEnvelope, error)

	// ChainID is the name of the channel.
	ChainID() string

	// ConfigProto is the current configuration. It must not be modified.
	ConfigProto() *cb.Config

	// Sequence is the current configuration's sequence number; each accepted
	// update raises it by one.
	Sequence() uint64
}

// UnmarshalConfig decodes a configuration.
func UnmarshalConfig(data []byte) (*cb.Config, error) {
	m := &cb.Config{}
	return m, decode(data, m, "config")
}

// UnmarshalConfigOrPanic is UnmarshalConfig for bytes that this process made.
func UnmarshalConfigOrPanic(data []byte) *cb.Config {
	m, err := UnmarshalConfig(data)
	mustBeNil(err)
	return m
}

// UnmarshalConfigEnvelope decodes the content of a CONFIG transaction.
func UnmarshalConfigEnvelope(data []byte) (*cb.ConfigEnvelope, error) {
	m := &cb.ConfigEnvelope{}
	return m, decode(data, m, "config envelope")
}

// UnmarshalConfigEnvelopeOrPanic is UnmarshalConfigEnvelope for bytes that this
// process made.
func UnmarshalConfigEnvelopeOrPanic(data []byte) *cb.ConfigEnvelope {
	m, err := UnmarshalConfigEnvelope(data)
	mustBeNil(err)
	return m
}

// UnmarshalConfigUpdate decodes the read and write set of an update.
func UnmarshalConfigUpdate(data []byte) (*cb.ConfigUpdate, error) {
	m := &cb.ConfigUpdate{}
	return m, decode(data, m, "config update")
}

// UnmarshalConfigUpdateOrPanic is UnmarshalConfigUpdate for bytes that this
// process made.
func UnmarshalConfigUpdateOrPanic(data []byte) *cb.ConfigUpdate {
	m, err := UnmarshalConfigUpdate(data)
	mustBeNil(err)
	return m
}

// UnmarshalConfigUpdateEnvelope decodes the content of a CONFIG_UPDATE
// transaction: an update and the signatures that support it.
func UnmarshalConfigUpdateEnvelope(data []byte) (*cb.ConfigUpdateEnvelope, error) {
	m := &cb.ConfigUpdateEnvelope{}
	return m, decode(data, m, "config update envelope")
}

// UnmarshalConfigUpdateEnvelopeOrPanic is UnmarshalConfigUpdateEnvelope for
// bytes that this process made.
func UnmarshalConfigUpdateEnvelopeOrPanic(data []byte) *cb.ConfigUpdateEnvelope {
	m, err := UnmarshalConfigUpdateEnvelope(data)
	mustBeNil(err)
	return m
}

func decode(data []byte, m proto.Message, what string) error {
	return errors.Wrapf(proto.Unmarshal(data, m), "cannot decode %s", what)
}

func mustBeNil(err error) {
	if err != nil {
		panic("configtx: " + err.Error())
	}
}
