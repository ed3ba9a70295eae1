// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric/common/flogging"
)

// Every test has to leave nothing running; the many failures provoked here are
// not logged.
func TestMain(m *testing.M) {
	flogging.InitFromSpec("critical")
	code := m.Run()
	if left := leftovers(longest); code == 0 && left != "" {
		fmt.Printf("goroutines are left:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// leftovers waits until only the goroutine that asks is left of those that run
// code of gossip or gRPC, and returns the others if that takes too long.
func leftovers(patience time.Duration) string {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for {
		var left []string
		stacks := make([]byte, 4<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		for _, stack := range strings.Split(string(stacks), "\n\n")[1:] {
			if strings.Contains(stack, "fabric/gossip") || strings.Contains(stack, "google.golang.org/grpc") {
				left = append(left, stack)
			}
		}
		if len(left) == 0 {
			return ""
		}
		select {
		case <-again.C:
		case <-deadline.C:
			return strings.Join(left, "\n\n")
		}
	}
}
