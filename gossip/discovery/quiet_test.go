// SPDX-License-Identifier: Apache-2.0

package discovery

import "github.com/hyperledger/fabric/gossip/util"

func init() { util.SetupTestLogging() }
