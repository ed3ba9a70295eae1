// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"sort"
	"strings"

	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

// maxDepth bounds how deep groups may be nested. Channel configurations use
// four levels; the bound only keeps hostile input from exhausting the stack.
const maxDepth = 64

// ManagerImpl holds the policies of one configuration group and the managers
// of its sub-groups.
type ManagerImpl struct {
	path     string // without leading separator: "Channel", "Channel/Orderer"
	policies map[string]Policy
	children map[string]*ManagerImpl
}

// NewManagerImpl builds the manager of group root, which path names (normally
// ChannelPrefix), and those of all groups below it. providers has one provider
// for each policy type but IMPLICIT_META, which is built in: supplying one for
// it is a programming error and panics. Policies of any other type, and
// policies that their provider refuses, are errors.
func NewManagerImpl(path string, providers map[int32]Provider, root *cb.ConfigGroup) (*ManagerImpl, error) {
	if _, taken := providers[int32(cb.Policy_IMPLICIT_META)]; taken {
		panic("policies: implicit meta policies are built in, no provider for them can be registered")
	}
	return buildManager(path, providers, root, 0)
}

func buildManager(path string, providers map[int32]Provider, group *cb.ConfigGroup, depth int) (*ManagerImpl, error) {
	if depth > maxDepth {
		return nil, errors.Errorf("group %s is nested more than %d levels deep", abbreviate(path), maxDepth)
	}
	if group == nil {
		return nil, errors.Errorf("group %s is nil", path)
	}

	m := &ManagerImpl{
		path:     path,
		policies: make(map[string]Policy, len(group.Policies)),
		children: make(map[string]*ManagerImpl, len(group.Groups)),
	}
	for name, sub := range group.Groups {
		child, err := buildManager(path+PathSeparator+name, providers, sub, depth+1)
		if err != nil {
			return nil, err
		}
		m.children[name] = child
	}
	for name, definition := range group.Policies {
		policy, err := m.buildPolicy(providers, definition)
		if err != nil {
			return nil, errors.WithMessage(err, fmt.Sprintf("policy %s of group %s", name, path))
		}
		m.policies[name] = policy
	}
	return m, nil
}

// buildPolicy makes one of m's own policies; m's children must exist already.
func (m *ManagerImpl) buildPolicy(providers map[int32]Provider, definition *cb.ConfigPolicy) (Policy, error) {
	policy := definition.GetPolicy()
	if policy == nil {
		return nil, errors.New("has no content")
	}
	if policy.Type == int32(cb.Policy_IMPLICIT_META) {
		return newImplicitMeta(policy.Value, m.sortedChildren())
	}
	provider, ok := providers[policy.Type]
	if !ok || provider == nil {
		return nil, errors.Errorf("is of type %d, which is not supported", policy.Type)
	}
	built, _, err := provider.NewPolicy(policy.Value)
	return built, err
}

// sortedChildren lists the sub-groups' managers by name, so that evaluation
// and its errors do not depend on map order.
func (m *ManagerImpl) sortedChildren() []*ManagerImpl {
	children := make([]*ManagerImpl, 0, len(m.children))
	for _, child := range m.children {
		children = append(children, child)
	}
	sort.Slice(children, func(i, j int) bool { return children[i].path < children[j].path })
	return children
}

// Manager implements the interface of that name.
func (m *ManagerImpl) Manager(path []string) (Manager, bool) {
	if found := m.descend(path); found != nil {
		return found, true
	}
	return nil, false
}

func (m *ManagerImpl) descend(path []string) *ManagerImpl {
	at := m
	for _, name := range path {
		at = at.children[name]
		if at == nil {
			return nil
		}
	}
	return at
}

// GetPolicy implements Manager.
func (m *ManagerImpl) GetPolicy(id string) (Policy, bool) {
	relative, ok := m.relativeTo(id)
	if ok {
		if policy := m.lookup(relative); policy != nil {
			return policy, true
		}
	}
	return rejectPolicy(id), false
}

// relativeTo strips m's own path off an absolute id. It reports false for an
// id that cannot name anything at or below m.
func (m *ManagerImpl) relativeTo(id string) (string, bool) {
	if !strings.HasPrefix(id, PathSeparator) {
		return id, id != ""
	}
	own := PathSeparator + m.path + PathSeparator
	// Comparing with the separator at the end matters: /ChannelX/Admins does
	// not lie below /Channel, and /Channel alone names no policy.
	if !strings.HasPrefix(id, own) {
		return "", false
	}
	return id[len(own):], true
}

// lookup walks from m to the policy with the given relative path; nil if there
// is none.
func (m *ManagerImpl) lookup(relative string) Policy {
	at := m
	for {
		name, rest, deeper := strings.Cut(relative, PathSeparator)
		if !deeper {
			return at.policies[name]
		}
		if at = at.children[name]; at == nil {
			return nil
		}
		relative = rest
	}
}

// rejectPolicy stands in for a policy that does not exist; its value is the
// path that was asked for.
type rejectPolicy string

// Evaluate always fails.
func (r rejectPolicy) Evaluate([]*cb.SignedData) error {
	return errors.Errorf("No such policy: '%s'", string(r))
}

// abbreviate keeps the beginning of a text that may be too long for an error.
func abbreviate(s string) string {
	const enough = 120
	if len(s) <= enough {
		return s
	}
	return s[:enough] + "..."
}
