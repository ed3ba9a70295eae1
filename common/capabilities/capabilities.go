// SPDX-License-Identifier: Apache-2.0

// Package capabilities interprets the capability names in a channel's
// configuration. A capability is a promise that everybody who processes the
// channel implements some behaviour; one that is not known means that this code
// would process the channel differently from others, and must stay away.
//
// Each section of the configuration (channel, orderer, application) has its own
// names and its own provider. The names VX_Y build on each other: a provider
// answers by the highest one present. Providers are immutable values that
// never fail to construct: Supported tells about unknown names.
// common/channelconfig makes the providers; whoever loads a channel asks them.
package capabilities

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

// Names that a channel section may carry.
const (
	ChannelV1_1 = "V1_1"
	ChannelV1_3 = "V1_3"
)

// Name that an orderer section may carry.
const OrdererV1_1 = "V1_1"

// Names that an application section may carry. The experimental ones were
// superseded by V1_2 and are known so that old channels still load.
const (
	ApplicationV1_1                      = "V1_1"
	ApplicationV1_2                      = "V1_2"
	ApplicationV1_3                      = "V1_3"
	ApplicationPvtDataExperimental       = "V1_1_PVTDATA_EXPERIMENTAL"
	ApplicationResourcesTreeExperimental = "V1_1_RESOURCETREE_EXPERIMENTAL"
)

// required is the set of names that a section carries, with what it takes to
// judge them.
type required struct {
	section string
	levels  []string // known names that build on each other, lowest first
	others  []string // known names that stand alone
	names   map[string]*cb.Capability
}

// Supported returns an error that lists the names which are not known.
func (r *required) Supported() error {
	var unknown []string
	for name := range r.names {
		if !slices.Contains(r.levels, name) && !slices.Contains(r.others, name) {
			unknown = append(unknown, printable(name))
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("%s capability %s is required but not supported", r.section, strings.Join(unknown, ", "))
}

// printable returns a name as it is, unless it would garble a log: names come
// from the network and nothing has judged them yet.
func printable(name string) string {
	if quoted := fmt.Sprintf("%.64q", name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}

func (r *required) has(name string) bool {
	_, present := r.names[name]
	return present
}

// atLeast tells whether the given level or a higher one is present.
func (r *required) atLeast(level string) bool {
	return slices.ContainsFunc(r.levels[slices.Index(r.levels, level):], r.has)
}

// ChannelProvider answers for the channel section.
type ChannelProvider struct{ required }

// NewChannelProvider interprets the names in the map; what they map to is ignored.
func NewChannelProvider(capabilities map[string]*cb.Capability) *ChannelProvider {
	return &ChannelProvider{required{
		section: "Channel",
		levels:  []string{ChannelV1_1, ChannelV1_3},
		names:   capabilities,
	}}
}

// MSPVersion is the version of MSP semantics that all organizations are evaluated under.
func (p *ChannelProvider) MSPVersion() msp.MSPVersion {
	switch {
	case p.atLeast(ChannelV1_3):
		return msp.MSPv1_3
	case p.atLeast(ChannelV1_1):
		return msp.MSPv1_1
	default:
		return msp.MSPv1_0
	}
}

// OrdererProvider answers for the orderer section.
type OrdererProvider struct{ required }

// NewOrdererProvider interprets the names in the map; what they map to is ignored.
func NewOrdererProvider(capabilities map[string]*cb.Capability) *OrdererProvider {
	return &OrdererProvider{required{
		section: "Orderer",
		levels:  []string{OrdererV1_1},
		names:   capabilities,
	}}
}

// PredictableChannelTemplate is on from V1_1.
func (p *OrdererProvider) PredictableChannelTemplate() bool { return p.atLeast(OrdererV1_1) }

// Resubmission is on from V1_1.
func (p *OrdererProvider) Resubmission() bool { return p.atLeast(OrdererV1_1) }

// ExpirationCheck is on from V1_1.
func (p *OrdererProvider) ExpirationCheck() bool { return p.atLeast(OrdererV1_1) }

// ApplicationProvider answers for the application section.
type ApplicationProvider struct{ required }

// NewApplicationProvider interprets the names in the map; what they map to is ignored.
func NewApplicationProvider(capabilities map[string]*cb.Capability) *ApplicationProvider {
	return &ApplicationProvider{required{
		section: "Application",
		levels:  []string{ApplicationV1_1, ApplicationV1_2, ApplicationV1_3},
		others:  []string{ApplicationPvtDataExperimental, ApplicationResourcesTreeExperimental},
		names:   capabilities,
	}}
}

// ForbidDuplicateTXIdInBlock is on from V1_1.
func (p *ApplicationProvider) ForbidDuplicateTXIdInBlock() bool { return p.atLeast(ApplicationV1_1) }

// ACLs is on from V1_2.
func (p *ApplicationProvider) ACLs() bool { return p.atLeast(ApplicationV1_2) }

// PrivateChannelData is on from V1_2, or with the experiment that led to it.
func (p *ApplicationProvider) PrivateChannelData() bool {
	return p.atLeast(ApplicationV1_2) || p.has(ApplicationPvtDataExperimental)
}

// CollectionUpgrade is on from V1_2.
func (p *ApplicationProvider) CollectionUpgrade() bool { return p.atLeast(ApplicationV1_2) }

// V1_1Validation is on from V1_1.
func (p *ApplicationProvider) V1_1Validation() bool { return p.atLeast(ApplicationV1_1) }

// V1_2Validation is on from V1_2.
func (p *ApplicationProvider) V1_2Validation() bool { return p.atLeast(ApplicationV1_2) }

// V1_3Validation is on from V1_3.
func (p *ApplicationProvider) V1_3Validation() bool { return p.atLeast(ApplicationV1_3) }

// KeyLevelEndorsement is on from V1_3.
func (p *ApplicationProvider) KeyLevelEndorsement() bool { return p.atLeast(ApplicationV1_3) }

// MetadataLifecycle is never on: no name for it exists yet.
func (p *ApplicationProvider) MetadataLifecycle() bool { return false }
