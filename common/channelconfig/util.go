// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"maps"
	"slices"

	"github.com/hyperledger/fabric/common/flogging"
)

var logger = flogging.MustGetLogger("common.channelconfig")

// sortedKeys gives maps one order to be visited in, so that of several faults
// in a configuration every peer names the same one.
func sortedKeys[V any](m map[string]V) []string {
	return slices.Sorted(maps.Keys(m))
}
