// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/hyperledger/fabric/msp/mgmt"
	"github.com/spf13/viper"
	"google.golang.org/grpc"
)

// TestMain gives the process the identity that signs requests.
func TestMain(m *testing.M) {
	if os.Getenv("FABRIC_LOGGING_SPEC") == "" {
		flogging.InitFromSpec("fatal") // the faults are reported thousands of times
	}
	viper.Set("peer.tls.enabled", true)
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "faults")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		org := cryptogen.OrgSpec{Domain: "org1.test", Nodes: []string{"peer0"}}
		if err := cryptogen.Generate(dir, org); err != nil {
			panic(err)
		}
		if err := mgmt.LoadLocalMspFromDir(filepath.Join(org.NodeDir(dir, "peer0"), "msp"), "Org1MSP"); err != nil {
			panic(err)
		}
		return m.Run()
	}())
}

// world is a leader and its orderers, inside one bubble.
type world struct {
	t        *testing.T
	static   bool
	pki      *pki
	stations []*station
	sick     []*station // those with a fault
	gate     chan struct{}
	ledger   *sink
	leader   *leader
}

// newWorld makes orderers of which the first sick ones have the fault. The
// others become reachable when all sick ones have been met, so that no run can
// pass by the fault.
func newWorld(t *testing.T, static bool, f *fault, s setting) *world {
	viper.Set("peer.gossip.orgLeader", static)
	w := &world{t: t, static: static, pki: newPKI(t), gate: make(chan struct{}), ledger: newSink(t)}
	credentials := comm.GetCredentialSupport()
	credentials.SetClientCertificate(tlsPair(w.pki.client))
	credentials.Lock()
	credentials.OrdererRootCAsByChain[channelID] = [][]byte{w.pki.roots.CertPEM()}
	credentials.Unlock()
	var names []string
	for i := range s.orderers {
		names = append(names, fmt.Sprintf("orderer%d.test:7050", i+1))
		if i < s.sick {
			w.stations = append(w.stations, newStation(t, names[i], w.pki, f))
		} else {
			w.stations = append(w.stations, newStation(t, names[i], w.pki, nil))
		}
	}
	w.sick = w.stations[:s.sick]
	if s.listed > 0 {
		names = names[:s.listed]
	}
	w.leader = newLeader(t, w, names)
	return w
}

// connect is the leader's connection factory.
func (w *world) connect(channel, endpoint string) (*grpc.ClientConn, error) {
	creds, err := comm.GetCredentialSupport().GetDeliverServiceCredentials(channel)
	if err != nil {
		return nil, err
	}
	return dial(endpoint, creds, grpc.WithContextDialer(func(ctx context.Context, name string) (net.Conn, error) {
		for _, s := range w.stations {
			if s.name == name {
				return s.dial(ctx, w.gate)
			}
		}
		return nil, fmt.Errorf("%s does not exist", name)
	}))
}

// begin starts the leader and returns when a fault has struck. From when all
// have, the good stations can be reached.
func (w *world) begin(limit time.Duration) (met bool) {
	go func() {
		defer close(w.gate)
		for _, s := range w.sick {
			select {
			case <-s.met:
			case <-w.leader.retired.Done():
			}
		}
	}()
	w.leader.start()
	anyMet := make(chan struct{}, len(w.sick))
	for _, s := range w.sick {
		go func() {
			select {
			case <-s.met:
				anyMet <- struct{}{}
			case <-w.leader.retired.Done():
			}
		}()
	}
	select {
	case <-anyMet:
		return true
	case <-time.After(limit):
		return false
	}
}

func (w *world) heal() {
	for _, s := range w.sick {
		s.heal(w.t, w.pki)
	}
}

// reveal lets all blocks exist.
func (w *world) reveal() {
	for _, s := range w.stations {
		s.replay.Reveal(chainLength)
	}
}

// farewell is the longest that goroutines of the client may outlive Stop: a dial
// that cannot be cancelled, and gRPC's patience with a dead line.
const farewell = 6 * time.Second

// end stops the leader, sees that nothing is left of it after a moment, and ends
// the orderers. It returns the number of terms and how long the client's last
// goroutine lived.
func (w *world) end() (terms int, lingered time.Duration) {
	w.leader.stop()
	began := time.Now()
	height, _ := w.ledger.LedgerHeight()
	for {
		synctest.Wait()
		left := clientGoroutines()
		lingered = time.Since(began)
		if left == "" {
			break
		}
		if lingered > farewell {
			w.t.Errorf("%s after Stop there still are\n%s", lingered, left)
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if now, _ := w.ledger.LedgerHeight(); now != height {
		w.t.Errorf("blocks %d to %d were added after Stop", height, now-1)
	}
	terms = w.leader.counted()
	for _, s := range w.stations {
		s.stop()
	}
	return terms, lingered
}

var (
	inBubble = regexp.MustCompile(`^goroutine \d+ [^\n]*synctest bubble`)
	ofClient = regexp.MustCompile(`core/deliverservice|core/comm\.\(\*(connProducer|dialRound)|grpc\.\(\*(ClientConn|addrConn|clientStream)|transport\.\(\*http2Client|transport\.NewHTTP2Client`)
)

// clientGoroutines returns the stacks of what the delivery client and its
// connections have running in a bubble.
func clientGoroutines() string {
	buffer := make([]byte, 4<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	var left []string
	for _, stack := range strings.Split(string(buffer), "\n\n") {
		if inBubble.MatchString(stack) && ofClient.MatchString(stack) {
			left = append(left, stack)
		}
	}
	return strings.Join(left, "\n\n")
}

// dials is how often the leader has called on an orderer.
func (w *world) dials() int {
	total := 0
	for _, s := range w.stations {
		s.mutex.Lock()
		total += s.dials
		s.mutex.Unlock()
	}
	return total
}
