// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"testing"

	"github.com/hyperledger/fabric/common/flogging"
	"go.uber.org/goleak"
)

// Every test has to leave nothing running; the many failures provoked here are
// not logged.
func TestMain(m *testing.M) {
	flogging.InitFromSpec("critical")
	goleak.VerifyTestMain(m)
}
