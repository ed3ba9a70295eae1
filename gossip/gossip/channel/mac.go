// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"crypto/sha256"

	"github.com/hyperledger/fabric/gossip/common"
)

// GenerateMAC names a channel to those who know it already: the SHA-256 of a
// peer's PKI-ID followed by the channel's name.
func GenerateMAC(pkiID common.PKIidType, channelID common.ChainID) []byte {
	hash := sha256.New()
	hash.Write(pkiID)
	hash.Write(channelID)
	return hash.Sum(nil)
}
