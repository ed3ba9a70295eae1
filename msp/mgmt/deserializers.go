// SPDX-License-Identifier: Apache-2.0

package mgmt

import (
	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/msp"
	mspproto "github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// DeserializersManager is the process's MSPs as those need them who resolve identities.
type DeserializersManager interface {
	// Deserialize splits a serialized identity into MSP ID and the MSP's own bytes, and validates nothing.
	Deserialize(raw []byte) (*mspproto.SerializedIdentity, error)

	// GetLocalMSPIdentifier returns the local MSP's ID, "" before it is set up.
	GetLocalMSPIdentifier() string

	// GetLocalDeserializer returns the local MSP.
	GetLocalDeserializer() msp.IdentityDeserializer

	// GetChannelDeserializers returns the managers by channel; the map is the caller's.
	GetChannelDeserializers() map[string]msp.IdentityDeserializer
}

// globalDeserializers reads this package's globals at each call.
type globalDeserializers struct{}

// NewDeserializersManager returns the manager over the globals of this package.
func NewDeserializersManager() DeserializersManager {
	return globalDeserializers{}
}

func (globalDeserializers) Deserialize(raw []byte) (*mspproto.SerializedIdentity, error) {
	sid := &mspproto.SerializedIdentity{}
	if err := proto.Unmarshal(raw, sid); err != nil {
		return nil, errors.Wrapf(err, "%d bytes are not a serialized identity", len(raw))
	}
	return sid, nil
}

func (globalDeserializers) GetLocalMSPIdentifier() string {
	id, err := GetLocalMSP().GetIdentifier()
	if err != nil {
		return ""
	}
	return id
}

func (globalDeserializers) GetLocalDeserializer() msp.IdentityDeserializer {
	return GetLocalMSP()
}

func (globalDeserializers) GetChannelDeserializers() map[string]msp.IdentityDeserializer {
	return GetDeserializers()
}
