// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"net"
	"slices"

	"github.com/hyperledger/fabric/common/policies"
)

// LogSanityChecks warns about a configuration that is valid but will not work
// as its authors expect: policies that peers evaluate and nobody defined, which
// refuse everyone; an ordering service of no organizations, whose usual policies
// accept everyone; and orderer addresses that cannot be dialled.
func LogSanityChecks(res Resources) {
	manager := res.PolicyManager()
	expected := []string{policies.ChannelReaders, policies.ChannelWriters}
	if _, present := res.ApplicationConfig(); present {
		expected = append(expected, policies.ChannelApplicationReaders,
			policies.ChannelApplicationWriters, policies.ChannelApplicationAdmins)
	}
	if section, present := res.OrdererConfig(); present {
		expected = append(expected, policies.BlockValidation)
		if len(section.Organizations()) == 0 {
			logger.Warningf("Channel %s has no organization that orders: a policy over none of them is satisfied by any block, signed or not", res.ConfigtxValidator().ChainID())
		}
	}
	for _, path := range expected {
		if _, defined := manager.GetPolicy(path); !defined {
			logger.Warningf("Channel %s does not define the policy %s: whatever it guards is refused", res.ConfigtxValidator().ChainID(), path)
		}
	}
	addresses := res.ChannelConfig().OrdererAddresses()
	odd := slices.DeleteFunc(slices.Clone(addresses), func(address string) bool {
		_, _, err := net.SplitHostPort(address)
		return err == nil
	})
	if len(odd) > 0 {
		logger.Warningf("Channel %s lists %d orderer addresses of which %d are not host:port, among them %.80q",
			res.ConfigtxValidator().ChainID(), len(addresses), len(odd), odd[0])
	}
}
