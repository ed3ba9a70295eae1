// SPDX-License-Identifier: Apache-2.0

// Package txvalidator names the step that judges a block's transactions before
// the block is committed. A peer that only moves blocks has nothing to judge
// them by (no chaincode, no state), so there is no implementation here; the
// interface is what gossip's state provider and private data coordinator call.
package txvalidator

import "github.com/hyperledger/fabric/protos/common"

// Validator writes a block's validation flags into its metadata.
type Validator interface {
	// Validate returns an error when the block could not be judged at all. An
	// invalid transaction is not an error: it is flagged.
	Validate(block *common.Block) error
}
