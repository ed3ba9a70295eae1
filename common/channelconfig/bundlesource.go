// SPDX-License-Identifier: Apache-2.0

package channelconfig

import (
	"sync/atomic"

	"github.com/hyperledger/fabric/common/configtx"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/msp"
)

// BundleSource is a Resources that follows a channel: each call answers from
// whichever bundle is current then. Take StableBundle to read several values
// that belong together. Reads are lock-free and safe at any time.
type BundleSource struct {
	current   atomic.Pointer[Bundle]
	callbacks []func(*Bundle) // immutable
}

// NewBundleSource makes the bundle current and runs the callbacks with it, in
// the order given, before returning. The same happens at each Update. Put
// whatever others rely on first: trust (MSPs, TLS roots) before gossip.
func NewBundleSource(bundle *Bundle, callbacks ...func(*Bundle)) *BundleSource {
	bs := &BundleSource{callbacks: append([]func(*Bundle){}, callbacks...)}
	bs.Update(bundle)
	return bs
}

// Update makes the bundle current, then runs the callbacks with it, in their
// order, on the caller's goroutine. A nil bundle is a programming error. One
// Update must return before the next begins; a callback must not call Update.
func (bs *BundleSource) Update(newBundle *Bundle) {
	bs.current.Store(newBundle)
	for _, inform := range bs.callbacks {
		inform(newBundle)
	}
}

// StableBundle is the current bundle, which stays as it is when the source moves on.
func (bs *BundleSource) StableBundle() *Bundle { return bs.current.Load() }

// ConfigtxValidator is that of the current bundle.
func (bs *BundleSource) ConfigtxValidator() configtx.Validator {
	return bs.StableBundle().ConfigtxValidator()
}

// PolicyManager is that of the current bundle.
func (bs *BundleSource) PolicyManager() policies.Manager { return bs.StableBundle().PolicyManager() }

// MSPManager is that of the current bundle.
func (bs *BundleSource) MSPManager() msp.MSPManager { return bs.StableBundle().MSPManager() }

// ChannelConfig is that of the current bundle.
func (bs *BundleSource) ChannelConfig() Channel { return bs.StableBundle().ChannelConfig() }

// OrdererConfig is that of the current bundle.
func (bs *BundleSource) OrdererConfig() (Orderer, bool) { return bs.StableBundle().OrdererConfig() }

// ApplicationConfig is that of the current bundle.
func (bs *BundleSource) ApplicationConfig() (Application, bool) {
	return bs.StableBundle().ApplicationConfig()
}

// ConsortiumsConfig is that of the current bundle.
func (bs *BundleSource) ConsortiumsConfig() (Consortiums, bool) {
	return bs.StableBundle().ConsortiumsConfig()
}

// ValidateNew tells whether the given configuration may replace the current one.
func (bs *BundleSource) ValidateNew(resources Resources) error {
	return bs.StableBundle().ValidateNew(resources)
}
