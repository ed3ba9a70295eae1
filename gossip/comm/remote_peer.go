// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"fmt"

	"github.com/hyperledger/fabric/gossip/common"
)

// RemotePeer is a peer to send to: where it listens, and who has to answer
// there.
type RemotePeer struct {
	Endpoint string
	PKIID    common.PKIidType
}

// String is the endpoint and the PKI-ID, the latter as a list of decimals.
func (p *RemotePeer) String() string {
	return fmt.Sprintf("%s, PKIid:%v", p.Endpoint, p.PKIID)
}
