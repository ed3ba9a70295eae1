// SPDX-License-Identifier: Apache-2.0

//go:build unix

package rusage_test

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/core/blockpeer/internal/rusage"
)

func TestCPUGrowsWithWork(t *testing.T) {
	before, deadline := rusage.CPU(), time.Now().Add(30*time.Second)
	var block [1 << 16]byte
	for rusage.CPU()-before < 20*time.Millisecond && time.Now().Before(deadline) {
		sum := sha256.Sum256(block[:])
		copy(block[:], sum[:])
	}
	assert.GreaterOrEqual(t, rusage.CPU()-before, 20*time.Millisecond)
}
