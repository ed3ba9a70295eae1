// SPDX-License-Identifier: Apache-2.0

package configtx

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

const (
	// ordererCapabilities is present from the version on that fills in missing
	// mod_policies; its absence means that old nodes have to agree with us.
	ordererCapabilities = "/Channel/Orderer/Capabilities"

	// defaultModPolicy replaces an empty mod_policy then.
	defaultModPolicy = "Admins"
)

// assemble turns a flat map back into the tree below the root group of the
// given name. Which children a group has is what its own element says, so
// entries that no group mentions any more are left out. Values and policies are
// shared with the map, groups are new.
func assemble(m elements, rootName string) (*cb.ConfigGroup, error) {
	root := key{kind: kindGroup}.child(kindGroup, rootName)
	_, fill := m[key{kind: kindValue, path: ordererCapabilities}]
	a := assembler{elements: m, fillModPolicy: fill}
	return a.group(root)
}

type assembler struct {
	elements      elements
	fillModPolicy bool
}

func (a *assembler) group(k key) (*cb.ConfigGroup, error) {
	e, ok := a.elements[k]
	if !ok {
		return nil, errors.Errorf("element %s is mentioned by its group but does not exist", k)
	}
	group := cb.NewConfigGroup()
	group.Version = e.group.Version
	group.ModPolicy = a.modPolicy(e.group.ModPolicy)

	for name := range e.group.Groups {
		sub, err := a.group(k.child(kindGroup, name))
		if err != nil {
			return nil, err
		}
		group.Groups[name] = sub
	}
	for name := range e.group.Values {
		valueKey := k.child(kindValue, name)
		found, ok := a.elements[valueKey]
		if !ok {
			return nil, errors.Errorf("element %s is mentioned by its group but does not exist", valueKey)
		}
		group.Values[name] = a.value(found.value)
	}
	for name := range e.group.Policies {
		policyKey := k.child(kindPolicy, name)
		found, ok := a.elements[policyKey]
		if !ok {
			return nil, errors.Errorf("element %s is mentioned by its group but does not exist", policyKey)
		}
		group.Policies[name] = a.policy(found.policy)
	}
	return group, nil
}

// modPolicy returns the mod_policy that an element has in the result.
func (a *assembler) modPolicy(current string) string {
	if current == "" && a.fillModPolicy {
		return defaultModPolicy
	}
	return current
}

// value returns v, or a copy of it if its mod_policy has to be filled in.
func (a *assembler) value(v *cb.ConfigValue) *cb.ConfigValue {
	if a.modPolicy(v.ModPolicy) == v.ModPolicy {
		return v
	}
	filled := proto.Clone(v).(*cb.ConfigValue)
	filled.ModPolicy = defaultModPolicy
	return filled
}

// policy does for policies what value does for values.
func (a *assembler) policy(p *cb.ConfigPolicy) *cb.ConfigPolicy {
	if a.modPolicy(p.ModPolicy) == p.ModPolicy {
		return p
	}
	filled := proto.Clone(p).(*cb.ConfigPolicy)
	filled.ModPolicy = defaultModPolicy
	return filled
}
