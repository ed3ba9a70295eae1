// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"sync"

	"github.com/hyperledger/fabric/msp"
	mspproto "github.com/hyperledger/fabric/protos/msp"
)

// verdictsPerIdentity bounds the principals remembered with an identity. A channel's policies ask for a handful.
const verdictsPerIdentity = 64

// cachedIdentity is an identity that remembers what its MSP decided about it.
type cachedIdentity struct {
	msp.Identity
	msp *cachedMSP
	// memory is the one in force when the identity was made. Once it is dropped the verdicts below are history.
	memory *memory

	// mu guards the fields below.
	mu       sync.RWMutex
	valid    bool
	verdicts map[question]error
}

// question is a principal as a map key.
type question struct {
	class     mspproto.MSPPrincipal_Classification
	principal string
}

// current reports whether what the identity remembers still counts.
func (id *cachedIdentity) current() bool {
	return id.msp.memory.Load() == id.memory
}

// Unwrap returns the MSP's own identity.
func (id *cachedIdentity) Unwrap() msp.Identity {
	return id.Identity
}

// Validate remembers success only.
func (id *cachedIdentity) Validate() error {
	id.mu.RLock()
	valid := id.valid
	id.mu.RUnlock()
	if valid && id.current() {
		return nil
	}
	if err := id.msp.MSP.Validate(id.Identity); err != nil {
		return err
	}
	id.mu.Lock()
	id.valid = id.current()
	id.mu.Unlock()
	return nil
}

// SatisfiesPrincipal remembers both answers.
func (id *cachedIdentity) SatisfiesPrincipal(principal *mspproto.MSPPrincipal) error {
	if principal == nil || len(principal.Principal) > largestKept || !id.current() {
		return id.msp.MSP.SatisfiesPrincipal(id.Identity, principal)
	}
	id.mu.RLock()
	verdict, known := id.verdicts[question{principal.PrincipalClassification, string(principal.Principal)}]
	id.mu.RUnlock()
	if known {
		return verdict
	}
	verdict = id.msp.MSP.SatisfiesPrincipal(id.Identity, principal)
	id.remember(principal, verdict)
	return verdict
}

func (id *cachedIdentity) remember(principal *mspproto.MSPPrincipal, verdict error) {
	id.mu.Lock()
	defer id.mu.Unlock()
	if id.verdicts == nil || len(id.verdicts) >= verdictsPerIdentity {
		id.verdicts = make(map[question]error)
	}
	id.verdicts[question{principal.PrincipalClassification, string(principal.Principal)}] = verdict
}
