// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

package gossip

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
