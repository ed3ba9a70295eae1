// SPDX-License-Identifier: Apache-2.0

package msp

import "github.com/pkg/errors"

// MSPVersion chooses the rule set of an MSP. A channel's capabilities decide it; the local MSP always follows MSPv1_0.
type MSPVersion int

// Rule sets, each containing the one before.
const (
	MSPv1_0 = iota // units and roles by admin certificates
	MSPv1_1        // node units tell peers and clients apart
	MSPv1_3        // combined and anonymity principals
)

// NewOpts says what kind of MSP New is to make.
type NewOpts interface {
	GetVersion() MSPVersion
}

// NewBaseOpts is the part common to all options.
type NewBaseOpts struct {
	Version MSPVersion
}

// GetVersion returns the rule set asked for.
func (o *NewBaseOpts) GetVersion() MSPVersion {
	return o.Version
}

// BCCSPNewOpts asks for an X.509 MSP.
type BCCSPNewOpts struct {
	NewBaseOpts
}

// IdemixNewOpts asks for the stand-in of an Idemix MSP.
type IdemixNewOpts struct {
	NewBaseOpts
}

// New returns an MSP that has yet to be Setup.
func New(opts NewOpts) (MSP, error) {
	switch o := opts.(type) {
	case *BCCSPNewOpts:
		if o == nil {
			break
		}
		if o.Version < MSPv1_0 || o.Version > MSPv1_3 {
			return nil, errors.Errorf("Invalid *BCCSPNewOpts. Version not recognized [%v]", o.Version)
		}
		return newX509MSP(o.Version), nil
	case *IdemixNewOpts:
		if o == nil {
			break
		}
		if o.Version < MSPv1_1 || o.Version > MSPv1_3 {
			return nil, errors.Errorf("Invalid *IdemixNewOpts. Version not recognized [%v]", o.Version)
		}
		return &idemixStandIn{version: o.Version}, nil
	}
	return nil, errors.Errorf("Invalid msp.NewOpts instance. It must be either *BCCSPNewOpts or *IdemixNewOpts. It was [%v]", opts)
}
