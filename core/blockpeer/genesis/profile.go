// SPDX-License-Identifier: Apache-2.0

package genesis

import (
	"fmt"
	"time"
)

// Profile describes a channel to be. Zero values mean what configtxgen and its
// shipped profiles put there.
type Profile struct {
	// ChannelID names the channel. Mandatory.
	ChannelID string
	// OrdererAddresses says where to reach the ordering service, host:port.
	// Default 127.0.0.1:7050.
	OrdererAddresses []string
	// OrdererOrgs are the organizations that run orderers.
	OrdererOrgs []Org
	// ApplicationOrgs are the organizations that run peers. Without any there
	// is no application section.
	ApplicationOrgs []Org
	// Consortium is the name that an application channel gives as its origin,
	// none by default.
	Consortium string
	// Consortiums make the channel a system channel.
	Consortiums []Consortium

	// ConsensusType is the orderers' plug-in, default solo.
	ConsensusType string
	// MaxMessageCount bounds a block in messages, default 10.
	MaxMessageCount uint32
	// AbsoluteMaxBytes bounds a block in bytes, default 10 MiB.
	AbsoluteMaxBytes uint32
	// PreferredMaxBytes is where a block is cut, default 512 KiB.
	PreferredMaxBytes uint32
	// BatchTimeout is how long an incomplete block waits, default 2 s.
	BatchTimeout time.Duration

	// ChannelCapabilities, OrdererCapabilities and ApplicationCapabilities
	// are names of capabilities. nil means V1_3, V1_1 and V1_3; an empty
	// slice means none.
	ChannelCapabilities, OrdererCapabilities, ApplicationCapabilities []string
}

// Org describes an organization.
type Org struct {
	// Name is the key of the organization's group. Default: the MSP ID.
	Name string
	// MSPID identifies the organization. Mandatory.
	MSPID string
	// MSPDir is the directory of the organization's verifying MSP, as
	// cryptogen lays it out: <org>/msp. Mandatory.
	MSPDir string
	// AnchorPeers are peers that other organizations contact first. Only
	// application organizations have them.
	AnchorPeers []AnchorPeer
	// Policies replaces signature policies by name (Readers, Writers, Admins,
	// or further ones) with expressions such as "OR('Org1MSP.peer')".
	// Default: Readers and Writers are any member, Admins any admin.
	Policies map[string]string
}

// AnchorPeer is the address of an anchor peer.
type AnchorPeer struct {
	Host string
	Port int
}

// Consortium is a set of organizations that may create channels together.
type Consortium struct {
	Name string
	Orgs []Org
}

// withDefaults fills what the profile leaves open.
func (p Profile) withDefaults() Profile {
	if len(p.OrdererAddresses) == 0 {
		p.OrdererAddresses = []string{"127.0.0.1:7050"}
	}
	setDefault(&p.ConsensusType, "solo")
	setDefault(&p.MaxMessageCount, 10)
	setDefault(&p.AbsoluteMaxBytes, 10<<20)
	setDefault(&p.PreferredMaxBytes, 512<<10)
	setDefault(&p.BatchTimeout, 2*time.Second)
	if p.ChannelCapabilities == nil {
		p.ChannelCapabilities = []string{"V1_3"}
	}
	if p.OrdererCapabilities == nil {
		p.OrdererCapabilities = []string{"V1_1"}
	}
	if p.ApplicationCapabilities == nil {
		p.ApplicationCapabilities = []string{"V1_3"}
	}
	return p
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// groupName is the key of the organization's group.
func (o Org) groupName() string {
	if o.Name != "" {
		return o.Name
	}
	return o.MSPID
}

func (o Org) check() error {
	switch {
	case o.MSPID == "":
		return fmt.Errorf("organization %q has no MSP ID", o.Name)
	case o.MSPDir == "":
		return fmt.Errorf("organization %s has no MSP directory", o.groupName())
	}
	for _, anchor := range o.AnchorPeers {
		if anchor.Host == "" || anchor.Port < 1 || anchor.Port > 65535 {
			return fmt.Errorf("organization %s: anchor peer %s:%d is not a host and a port between 1 and 65535", o.groupName(), anchor.Host, anchor.Port)
		}
	}
	return nil
}
