// SPDX-License-Identifier: Apache-2.0

package configtx

import (
	"sort"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
)

const (
	pathSeparator = "/"

	// maxDepth bounds how deep groups may be nested. Real configurations have
	// four levels; the bound keeps hostile ones from exhausting the stack.
	maxDepth = 64

	// maxPathBytes bounds the text of all paths of one tree, which grows with
	// the product of depth and number of elements.
	maxPathBytes = 64 << 20
)

// kind is what sort of thing a configuration element is.
type kind uint8

const (
	kindGroup kind = iota
	kindValue
	kindPolicy
)

// prefix makes keys of different kinds different, and is how they appear in
// messages: 9 characters wide.
func (k kind) prefix() string {
	switch k {
	case kindGroup:
		return "[Group]  "
	case kindValue:
		return "[Value]  "
	default:
		return "[Policy] "
	}
}

// key identifies an element within a tree.
type key struct {
	kind kind
	path string // "/Channel/Orderer/BatchSize"
}

// String returns the form that appears in messages.
func (k key) String() string { return k.kind.prefix() + k.path }

func (k key) child(kind kind, name string) key {
	return key{kind: kind, path: k.path + pathSeparator + name}
}

// element is one node of the tree: exactly one of the pointers is set.
type element struct {
	group  *cb.ConfigGroup
	value  *cb.ConfigValue
	policy *cb.ConfigPolicy
}

func (e element) version() uint64 {
	switch {
	case e.group != nil:
		return e.group.Version
	case e.value != nil:
		return e.value.Version
	default:
		return e.policy.Version
	}
}

func (e element) modPolicy() string {
	switch {
	case e.group != nil:
		return e.group.ModPolicy
	case e.value != nil:
		return e.value.ModPolicy
	default:
		return e.policy.ModPolicy
	}
}

// elements is a configuration tree as a flat map. A group in it says by its
// keys which children it has; the children themselves are looked up in the map.
type elements map[key]element

// sortedKeys lists the keys in a fixed order, so that the first error found
// does not depend on chance.
func (m elements) sortedKeys() []key {
	keys := make([]key, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		if keys[i].path != keys[j].path {
			return keys[i].path < keys[j].path
		}
		return keys[i].kind < keys[j].kind
	})
	return keys
}

// flatten lists all elements of the tree below root, which gets the given name.
// A nil root has no elements.
func flatten(root *cb.ConfigGroup, name string) (elements, error) {
	f := flattener{elements: elements{}}
	if root == nil {
		return f.elements, nil
	}
	if err := f.addGroup(key{kind: kindGroup}, name, root, 0); err != nil {
		return nil, err
	}
	return f.elements, nil
}

type flattener struct {
	elements  elements
	pathBytes int
}

func (f *flattener) addGroup(parent key, name string, group *cb.ConfigGroup, depth int) error {
	if depth > maxDepth {
		return errors.Errorf("group %s is nested more than %d levels deep", quoteShort(parent.path), maxDepth)
	}
	self, err := f.add(parent, kindGroup, name, element{group: group}, group == nil)
	if err != nil {
		return err
	}
	for childName, value := range group.Values {
		if _, err := f.add(self, kindValue, childName, element{value: value}, value == nil); err != nil {
			return err
		}
	}
	for childName, policy := range group.Policies {
		if _, err := f.add(self, kindPolicy, childName, element{policy: policy}, policy == nil); err != nil {
			return err
		}
	}
	for childName, sub := range group.Groups {
		if err := f.addGroup(self, childName, sub, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// add enters one element and returns its key.
func (f *flattener) add(parent key, kind kind, name string, e element, isNil bool) (key, error) {
	if err := checkElementName(name); err != nil {
		return key{}, errors.WithMessage(err, "below "+quoteShort(parent.path+pathSeparator))
	}
	k := parent.child(kind, name)
	if isNil {
		return key{}, errors.Errorf("element %s is nil", k)
	}
	if f.pathBytes += len(k.path); f.pathBytes > maxPathBytes {
		return key{}, errors.New("configuration tree is too large")
	}
	f.elements[k] = e
	return k, nil
}

// quoteShort quotes a text for an error, cutting it if it is long.
func quoteShort(s string) string {
	const enough = 80
	if len(s) <= enough {
		return strconv.Quote(s)
	}
	return strconv.Quote(s[:enough]) + "..."
}

// groupPath returns the names from below the root to the group in which the
// element's relative mod_policy is resolved: a group's own, and for anything
// else that of the group around it.
func (k key) groupPath() []string {
	names := strings.Split(k.path, pathSeparator)[2:] // "", root, ...
	if k.kind != kindGroup {
		names = names[:len(names)-1]
	}
	return names
}
