// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc"
)

// plainFactory fails for the endpoints in down. Like the stand-ins of test
// suites it has no lock and returns connections that must never be closed; the
// race detector sees any concurrent call.
type plainFactory struct {
	down   map[string]bool
	dialed []string
}

func (f *plainFactory) dial(endpoint string) (*grpc.ClientConn, error) {
	f.dialed = append(f.dialed, endpoint)
	if f.down[endpoint] {
		return nil, errors.New("refused")
	}
	return &grpc.ClientConn{}, nil
}

// chosen connects so many times and counts the choices.
func chosen(t *testing.T, p ConnectionProducer, times int) map[string]int {
	counts := make(map[string]int)
	for i := 0; i < times; i++ {
		conn, endpoint, err := p.NewConnection()
		assert.NoError(t, err)
		assert.NotNil(t, conn)
		counts[endpoint]++
	}
	return counts
}

func TestNoProducerWithoutEndpoints(t *testing.T) {
	f := &plainFactory{}
	assert.True(t, NewConnectionProducer(f.dial, nil) == nil, "the interface itself has to be nil")
	assert.True(t, NewConnectionProducer(f.dial, []string{}) == nil)
}

func TestNoDialBeforeAsked(t *testing.T) {
	f := &plainFactory{}
	p := NewConnectionProducer(f.dial, []string{"a"})
	p.UpdateEndpoints([]string{"b", "c"})
	p.DisableEndpoint("b")
	assert.Empty(t, f.dialed)
}

func TestEveryHealthyEndpointIsChosen(t *testing.T) {
	f := &plainFactory{down: map[string]bool{"a": true}}
	p := NewConnectionProducer(f.dial, []string{"a", "b", "c", "d"})
	counts := chosen(t, p, 300)
	assert.Equal(t, 3, len(counts), "%v", counts)
	assert.Equal(t, 0, counts["a"])

	f.down["a"] = false
	counts = chosen(t, p, 1000)
	assert.Equal(t, 4, len(counts), "a revived endpoint is found again: %v", counts)
}

func TestTwoProducersChooseDifferently(t *testing.T) {
	var firsts [2]string
	for i := range firsts {
		f := &plainFactory{}
		p := NewConnectionProducer(f.dial, []string{"a", "b", "c", "d"})
		chosen(t, p, 50)
		firsts[i] = fmt.Sprint(f.dialed)
	}
	assert.NotEqual(t, firsts[0], firsts[1])
}

func TestErrorNamesEndpointsAndCauses(t *testing.T) {
	f := &plainFactory{down: map[string]bool{"a": true, "b": true}}
	p := NewConnectionProducer(f.dial, []string{"a", "b"})
	conn, endpoint, err := p.NewConnection()
	assert.Nil(t, conn)
	assert.Equal(t, "", endpoint)
	assert.Equal(t, 2, len(f.dialed))
	x, y := f.dialed[0], f.dialed[1]
	assert.EqualError(t, err, fmt.Sprintf(
		"Could not connect to any of the endpoints: [%s %s]; %s (refused), %s (refused)", x, y, x, y))
}

func TestFactoryWithoutAnswer(t *testing.T) {
	p := NewConnectionProducer(func(string) (*grpc.ClientConn, error) { return nil, nil }, []string{"a"})
	conn, _, err := p.NewConnection()
	assert.Nil(t, conn)
	assert.EqualError(t, err, "Could not connect to any of the endpoints: [a]; "+
		"a (the connection factory returned neither a connection nor an error)")
}

func TestPromotedEndpointIsKept(t *testing.T) {
	f := &plainFactory{}
	p := NewConnectionProducer(f.dial, []string{"a", "b", "c"})
	p.(*connProducer).Promote("b")
	assert.Equal(t, map[string]int{"b": 50}, chosen(t, p, 50))
	p.(*connProducer).Demote("b")
	counts := chosen(t, p, 200)
	assert.Equal(t, 0, counts["b"])
	assert.Equal(t, 2, len(counts), "%v", counts)

	f.down = map[string]bool{"a": true, "c": true}
	assert.Equal(t, map[string]int{"b": 1}, chosen(t, p, 1), "demoted, but never excluded")
}

func TestListIsNotShared(t *testing.T) {
	f := &plainFactory{}
	list := []string{"a", "b"}
	p := NewConnectionProducer(f.dial, list)
	list[0] = "x"
	p.GetEndpoints()[1] = "y"
	assert.Equal(t, []string{"a", "b"}, p.GetEndpoints())

	p.UpdateEndpoints(list)
	list[0] = "z"
	p.UpdateEndpoints(nil)
	p.UpdateEndpoints([]string{})
	assert.Equal(t, []string{"x", "b"}, p.GetEndpoints())
	chosen(t, p, 20)
	assert.NotContains(t, f.dialed, "a")
}

func TestDiscardNeedsNoRealConnection(t *testing.T) {
	assert.NotPanics(t, func() { discardConn(&grpc.ClientConn{}) })
}

// A dial may be answered after its endpoint has left the list but before the
// round has noticed, or after the round has dialled the same endpoint again.
func TestAnswersNobodyWants(t *testing.T) {
	p := NewConnectionProducer((&plainFactory{}).dial, []string{"a"}).(*connProducer)
	first, second, gone := &dialAttempt{endpoint: "a"}, &dialAttempt{endpoint: "a"}, &dialAttempt{endpoint: "gone"}
	r := &dialRound{producer: p, pending: map[string]*dialAttempt{"a": second, "gone": gone}}
	for _, attempt := range []*dialAttempt{first, gone} {
		conn, err := grpc.Dial("127.0.0.1:0", grpc.WithInsecure())
		assert.NoError(t, err)
		won, failed := r.settle(dialAnswer{attempt: attempt, conn: conn})
		assert.False(t, won || failed)
		assert.Equal(t, "SHUTDOWN", conn.GetState().String(), "the connection is closed")

		won, failed = r.settle(dialAnswer{attempt: attempt, err: errors.New("refused")})
		assert.False(t, won || failed)
	}
	assert.Equal(t, map[string]*dialAttempt{"a": second}, r.pending)
	assert.Empty(t, r.failures)
}
