// SPDX-License-Identifier: Apache-2.0

// Package cache wraps an MSP so that it need not think twice: identities that were deserialized are kept, and with each
// of them what the MSP decided about the principals it was asked for. Everything else passes through.
//
// What is remembered lives as long as the MSP's configuration: Setup drops it all, by replacing the memory instead of
// emptying it, so identities handed out earlier keep working (uncached) and nothing decided under the old configuration
// can reach the new memory. The memory is bounded in entries and in bytes, and only successes take room in it, so a
// stranger who sends bytes that mean nothing cannot push others out.
//
// The wrapped MSP is called without any lock held. No goroutines.
package cache

import (
	"sync/atomic"

	"github.com/hyperledger/fabric/msp"
	mspproto "github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

const (
	// identitiesPerGeneration bounds the identities of an MSP that are kept: at most two generations. An entry takes a
	// few kilobytes.
	identitiesPerGeneration = 1000

	// largestKept is the size in bytes above which an input is not worth remembering. Identities have about one
	// kilobyte; much larger ones carry padding that only their sender has use for.
	largestKept = 8 << 10
)

// cachedMSP is the wrapper; the embedded MSP serves what needs no memory.
type cachedMSP struct {
	msp.MSP
	memory atomic.Pointer[memory]
}

// memory is what is remembered under one configuration.
type memory struct {
	// identities is by serialized identity.
	identities *generations[*cachedIdentity]
	// wellFormed holds the MSP ID under which the bytes of an identity were found to be well-formed.
	wellFormed *generations[string]
}

// New wraps an MSP.
func New(o msp.MSP) (msp.MSP, error) {
	if o == nil {
		return nil, errors.New("Invalid passed MSP. It must be different from nil.")
	}
	c := &cachedMSP{MSP: o}
	c.forget()
	return c, nil
}

// forget starts afresh.
func (c *cachedMSP) forget() {
	c.memory.Store(&memory{
		identities: newGenerations[*cachedIdentity](identitiesPerGeneration),
		wellFormed: newGenerations[string](identitiesPerGeneration),
	})
}

// Setup passes the configuration on and then forgets: what others learn meanwhile goes into the memory that is dropped.
// It forgets after a failure too, as an MSP may then be half changed.
func (c *cachedMSP) Setup(config *mspproto.MSPConfig) error {
	defer c.forget()
	return c.MSP.Setup(config)
}

// DeserializeIdentity returns the same Identity for the same bytes, as long as they are remembered.
func (c *cachedMSP) DeserializeIdentity(serialized []byte) (msp.Identity, error) {
	mem := c.memory.Load()
	if id, ok := mem.identities.get(serialized); ok {
		return id, nil
	}
	inner, err := c.MSP.DeserializeIdentity(serialized)
	if err != nil {
		return nil, err
	}
	id := &cachedIdentity{Identity: inner, msp: c, memory: mem}
	if len(serialized) > largestKept {
		return id, nil
	}
	return mem.identities.add(serialized, id), nil
}

// IsWellFormed remembers what is; what is not is examined each time.
func (c *cachedMSP) IsWellFormed(identity *mspproto.SerializedIdentity) error {
	mem := c.memory.Load()
	if mspID, ok := mem.wellFormed.get(identity.GetIdBytes()); ok && mspID == identity.Mspid {
		return nil
	}
	if err := c.MSP.IsWellFormed(identity); err != nil {
		return err
	}
	if len(identity.GetIdBytes()) <= largestKept {
		mem.wellFormed.set(identity.IdBytes, identity.Mspid)
	}
	return nil
}

// Validate asks the MSP itself; an identity of ours may know the answer.
func (c *cachedMSP) Validate(id msp.Identity) error {
	if own, ok := c.own(id); ok {
		return own.Validate()
	}
	return c.MSP.Validate(unwrap(id))
}

// SatisfiesPrincipal asks the MSP itself; an identity of ours may know the answer.
func (c *cachedMSP) SatisfiesPrincipal(id msp.Identity, principal *mspproto.MSPPrincipal) error {
	if own, ok := c.own(id); ok {
		return own.SatisfiesPrincipal(principal)
	}
	return c.MSP.SatisfiesPrincipal(unwrap(id), principal)
}

// own reports whether this wrapper made the identity.
func (c *cachedMSP) own(id msp.Identity) (*cachedIdentity, bool) {
	own, ok := id.(*cachedIdentity)
	return own, ok && own != nil && own.msp == c
}

// unwrap takes off the wrapping of another cache.
func unwrap(id msp.Identity) msp.Identity {
	if wrapped, ok := id.(*cachedIdentity); ok && wrapped != nil {
		return wrapped.Identity
	}
	return id
}
