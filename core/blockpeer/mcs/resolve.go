// SPDX-License-Identifier: Apache-2.0

package mcs

import (
	"sort"

	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/msp"
	"github.com/hyperledger/fabric/msp/mgmt"
	mspproto "github.com/hyperledger/fabric/protos/msp"
)

// resolver finds the MSPs under which an identity is valid.
type resolver struct {
	deserializers mgmt.DeserializersManager
}

// first returns the identity as seen by the first MSP under which it is valid.
func (r resolver) first(raw []byte) (msp.Identity, error) {
	var found msp.Identity
	err := r.each(raw, func(_ string, identity msp.Identity) bool {
		found = identity
		return true
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// each calls visit for every way in which the identity is valid, until visit
// returns true. The local MSP has the last word over identities of its own: for
// them visit is called once, with channel "". All others are looked for in the
// channels, in the order of their names.
//
// The error is nil if visit was called at all and nothing forbade to go on.
func (r resolver) each(raw []byte, visit func(channel string, identity msp.Identity) bool) error {
	if len(raw) == 0 {
		return errors.New("the identity is empty")
	}
	if r.deserializers == nil {
		return errors.New("there are no MSPs to resolve identities with")
	}
	sid, err := r.deserializers.Deserialize(raw)
	if err != nil {
		return errors.WithMessage(err, "cannot decode identity")
	}
	identity, err := r.local(raw, sid)
	if err != nil {
		return err
	}
	if identity != nil {
		if err := identity.Validate(); err != nil {
			return errors.WithMessagef(err, "identity %s is not valid in the local MSP", describeIdentity(raw))
		}
		visit("", identity)
		return nil
	}
	return r.eachChannel(raw, sid, visit)
}

// local returns the identity if it belongs to the local MSP, and nil if it
// does not.
func (r resolver) local(raw []byte, sid *mspproto.SerializedIdentity) (msp.Identity, error) {
	deserializer := r.deserializers.GetLocalDeserializer()
	if deserializer == nil {
		return nil, nil
	}
	identity, err := deserializer.DeserializeIdentity(raw)
	if err != nil || identity == nil {
		return nil, nil
	}
	if err := deserializer.IsWellFormed(sid); err != nil {
		return nil, errors.Wrap(err, "identity is not well formed")
	}
	if identity.GetMSPIdentifier() != r.deserializers.GetLocalMSPIdentifier() {
		return nil, nil
	}
	return identity, nil
}

func (r resolver) eachChannel(raw []byte, sid *mspproto.SerializedIdentity, visit func(string, msp.Identity) bool) error {
	channels := r.deserializers.GetChannelDeserializers()
	visited := false
	for _, name := range sortedNames(channels) {
		identity, err := channels[name].DeserializeIdentity(raw)
		if err != nil || identity == nil {
			continue
		}
		if err := channels[name].IsWellFormed(sid); err != nil {
			return errors.Wrap(err, "identity is not well formed")
		}
		if err := identity.Validate(); err != nil {
			if logger.IsEnabledFor(debugLevel) {
				logger.Debugf("Identity %s is not valid in channel [%s]: %s", describeIdentity(raw), name, err)
			}
			continue
		}
		visited = true
		if visit(name, identity) {
			return nil
		}
	}
	if !visited {
		return errors.Errorf("identity %s cannot be validated. No MSP found able to do that.", describeIdentity(raw))
	}
	return nil
}

func sortedNames(channels map[string]msp.IdentityDeserializer) []string {
	names := make([]string, 0, len(channels))
	for name, deserializer := range channels {
		if deserializer != nil {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}
