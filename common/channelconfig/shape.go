// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"fmt"
	"strings"

	cb "github.com/hyperledger/fabric/protos/common"
)

// maxNameLength bounds the names of groups, values and policies.
const maxNameLength = 249

// maxDepth is the number of levels of groups in the deepest configuration:
// channel, consortiums, consortium, organization.
const maxDepth = 4

// checkShape reports what is wrong with a configuration whatever its values
// say. After it, no group, value or policy in the tree is nil, and names are
// short and printable.
func checkShape(config *cb.Config) error {
	if config == nil {
		return fmt.Errorf("channelconfig Config cannot be nil")
	}
	if config.ChannelGroup == nil {
		return fmt.Errorf("config must contain a channel group")
	}
	if err := checkElements("/"+RootGroupKey, config.ChannelGroup, maxDepth); err != nil {
		return err
	}
	return checkOrdererCapabilities(config.ChannelGroup)
}

func checkElements(path string, group *cb.ConfigGroup, levels int) error {
	if levels == 0 {
		return fmt.Errorf("config group %s is nested too deeply", path)
	}
	for _, key := range sortedKeys(group.Values) {
		if err := checkElement("value", path, key, group.Values[key] == nil); err != nil {
			return err
		}
	}
	for _, key := range sortedKeys(group.Policies) {
		if err := checkElement("policy", path, key, group.Policies[key] == nil); err != nil {
			return err
		}
	}
	for _, key := range sortedKeys(group.Groups) {
		if err := checkElement("group", path, key, group.Groups[key] == nil); err != nil {
			return err
		}
		if err := checkElements(path+"/"+key, group.Groups[key], levels-1); err != nil {
			return err
		}
	}
	return nil
}

func checkElement(kind, path, name string, isNil bool) error {
	if len(name) == 0 || len(name) > maxNameLength {
		return fmt.Errorf("a config %s in %s has a name of %d characters, allowed are 1 to %d", kind, path, len(name), maxNameLength)
	}
	if strings.ContainsFunc(name, illegalInName) {
		return fmt.Errorf("a config %s in %s is named %q, which has characters other than letters, digits, dots and dashes", kind, path, name)
	}
	if isNil {
		return fmt.Errorf("config %s %s/%s is nil", kind, path, name)
	}
	return nil
}

func illegalInName(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '.', r == '-':
		return false
	}
	return true
}

// checkOrdererCapabilities refuses a configuration that asks peers for
// capabilities while its orderers, who must know them to pass updates on, are
// not asked for any: such orderers predate capabilities altogether.
func checkOrdererCapabilities(root *cb.ConfigGroup) error {
	asks := func(group *cb.ConfigGroup) bool {
		_, present := group.GetValues()[CapabilitiesKey]
		return present
	}
	orderer, present := root.Groups[OrdererGroupKey]
	switch {
	case !present || asks(orderer):
		return nil
	case asks(root):
		return fmt.Errorf("cannot enable channel capabilities without orderer support first")
	case asks(root.Groups[ApplicationGroupKey]):
		return fmt.Errorf("cannot enable application capabilities without orderer support first")
	}
	return nil
}
