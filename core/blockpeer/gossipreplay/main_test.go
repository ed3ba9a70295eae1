// SPDX-License-Identifier: Apache-2.0

package gossipreplay

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/hyperledger/fabric/common/flogging"
)

func TestMain(m *testing.M) {
	flogging.Init(flogging.Config{LogSpec: "error"})
	goleak.VerifyTestMain(m)
}
