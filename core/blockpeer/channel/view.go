// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"fmt"
	"slices"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

// View is a configuration as gossip sees it.
type View interface {
	// ChainID is the channel's name.
	ChainID() string
	// Organizations maps group names to the organizations with peers. Read only.
	Organizations() map[string]channelconfig.ApplicationOrg
	// Sequence is the number of the configuration.
	Sequence() uint64
	// OrdererAddresses lists where to reach the ordering service. Read only.
	OrdererAddresses() []string
}

// view is one configuration with what was derived from it. Immutable.
type view struct {
	bundle           *channelconfig.Bundle
	block            uint64
	applicationRoots [][]byte
	ordererRoots     [][]byte
}

// newView loads a configuration and refuses one that this code cannot honour.
func newView(id string, block uint64, config *cb.Config) (*view, error) {
	bundle, err := channelconfig.NewBundle(id, config)
	if err != nil {
		return nil, err
	}
	if err := checkCapabilities(bundle); err != nil {
		return nil, err
	}
	v := &view{bundle: bundle, block: block}
	if v.applicationRoots, v.ordererRoots, err = tlsRoots(bundle); err != nil {
		return nil, err
	}
	return v, nil
}

// follow makes the view of the configuration after this one.
func (v *view) follow(block uint64, contents *cb.ConfigEnvelope) (*view, error) {
	if want, got := v.Sequence()+1, contents.Config.Sequence; got != want {
		return nil, fmt.Errorf("has sequence %d, the next is %d", got, want)
	}
	if err := v.bundle.ConfigtxValidator().Validate(contents); err != nil {
		return nil, fmt.Errorf("is not what its update allows: %w", err)
	}
	next, err := newView(v.ChainID(), block, contents.Config)
	if err != nil {
		return nil, err
	}
	if err := v.bundle.ValidateNew(next.bundle); err != nil {
		return nil, fmt.Errorf("may not follow the current one: %w", err)
	}
	return next, nil
}

// checkCapabilities judges the sections that a peer processes. What orderers
// must implement is no concern of ours.
func checkCapabilities(bundle *channelconfig.Bundle) error {
	if err := bundle.ChannelConfig().Capabilities().Supported(); err != nil {
		return unsupported(err)
	}
	if application, present := bundle.ApplicationConfig(); present {
		if err := application.Capabilities().Supported(); err != nil {
			return unsupported(err)
		}
	}
	return nil
}

func unsupported(err error) error {
	return fmt.Errorf("a newer peer is needed to process this channel: %w", err)
}

func (v *view) ChainID() string { return v.bundle.ConfigtxValidator().ChainID() }

func (v *view) Sequence() uint64 { return v.bundle.ConfigtxValidator().Sequence() }

func (v *view) OrdererAddresses() []string { return v.bundle.ChannelConfig().OrdererAddresses() }

func (v *view) Organizations() map[string]channelconfig.ApplicationOrg {
	if application, present := v.bundle.ApplicationConfig(); present {
		return application.Organizations()
	}
	return nil
}

// tlsRoots collects the TLS certificates of the two sections' organizations.
// An MSP that is in both counts for both.
func tlsRoots(bundle *channelconfig.Bundle) (application, orderer [][]byte, err error) {
	msps, err := bundle.MSPManager().GetMSPs()
	if err != nil {
		return nil, nil, fmt.Errorf("listing the MSPs: %w", err)
	}
	var peerOrgs, ordererOrgs []string
	if section, present := bundle.ApplicationConfig(); present {
		peerOrgs = mspIDs(section.Organizations())
	}
	if section, present := bundle.OrdererConfig(); present {
		ordererOrgs = mspIDs(section.Organizations())
	}
	return rootsOf(msps, peerOrgs), rootsOf(msps, ordererOrgs), nil
}

// mspIDs returns each identifier once, sorted.
func mspIDs[O channelconfig.Org](orgs map[string]O) []string {
	ids := make([]string, 0, len(orgs))
	for _, org := range orgs {
		ids = append(ids, org.MSPID())
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func rootsOf(msps map[string]msp.MSP, ids []string) [][]byte {
	var roots [][]byte
	for _, id := range ids {
		provider := msps[id]
		if provider == nil || provider.GetType() != msp.FABRIC {
			continue // other kinds of MSP have no TLS certificates
		}
		roots = append(roots, provider.GetTLSRootCerts()...)
		roots = append(roots, provider.GetTLSIntermediateCerts()...)
	}
	return roots
}
