// SPDX-License-Identifier: Apache-2.0

package deliver

import (
	"context"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang/protobuf/proto"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/pkg/errors"
	"github.com/stretchr/testify/require"
)

func unknownChannel() *cb.Envelope {
	r := newRequest(oldest, newest)
	r.header.ChannelId = "unknown"
	return r.envelope()
}

// After any status the stream stays open, as in v1.3.0.
func TestStreamStaysOpen(t *testing.T) {
	c := newClient(
		unknownChannel(),
		&cb.Envelope{},
		seekFor(oldest, oldest),
		seekFor(at(9), at(9)),
		seekFor(newest, newest),
	)
	require.Equal(t,
		[]string{"NOT_FOUND", "BAD_REQUEST", "0", "SUCCESS", "NOT_FOUND", "3", "SUCCESS"},
		exchange(t, newTestHandler(newTestChain(4)), c))
}

func TestCloseAfterFailure(t *testing.T) {
	h := newTestHandler(newTestChain(4))
	h.CloseAfterFailure = true
	c := newClient(seekFor(oldest, oldest), seekFor(newest, newest), unknownChannel(), seekFor(oldest, oldest))
	require.NoError(t, h.Handle(context.Background(), c.server()))
	require.Equal(t, []string{"0", "SUCCESS", "3", "SUCCESS", "NOT_FOUND"}, c.got())
	require.Len(t, c.requests, 1, "the request after the failure is not received")
}

// A request that arrives during a seek waits: seeks do not overlap, and nothing
// is received meanwhile.
func TestSeeksDoNotOverlap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chain := newTestChain(1)
		c := newClient(seekFor(oldest, at(1)), seekFor(oldest, oldest))
		done := make(chan error, 1)
		go func() { done <- newTestHandler(chain).Handle(context.Background(), c.server()) }()
		synctest.Wait()
		require.Equal(t, []string{"0"}, c.got())
		require.Len(t, c.requests, 1, "the second request is not read ahead")
		chain.grow(1)
		synctest.Wait()
		require.Equal(t, []string{"0", "1", "SUCCESS", "0", "SUCCESS"}, c.got())
		close(c.requests)
		require.NoError(t, <-done)
	})
}

func TestStreamErrors(t *testing.T) {
	broken := errors.New("broken pipe")
	h := newTestHandler(newTestChain(2))

	c := newClient()
	c.recvErr = broken
	close(c.requests)
	require.ErrorIs(t, errors.Cause(h.Handle(context.Background(), c.server())), broken)

	c = newClient(seekFor(oldest, oldest))
	c.sendErr = broken
	require.ErrorContains(t, h.Handle(context.Background(), c.server()), "cannot send a block: broken pipe")

	c = newClient(unknownChannel())
	c.sendErr = broken
	require.ErrorContains(t, h.Handle(context.Background(), c.server()), "final status of a seek: broken pipe")
}

func TestMutualTLSBinding(t *testing.T) {
	h := NewHandler(chains{channelID: newTestChain(1)}, time.Minute, true)
	require.Equal(t, []string{"BAD_REQUEST"}, exchange(t, h, newClient(seekFor(oldest, oldest))), "no hash given")
	r := newRequest(oldest, oldest)
	r.header.TlsCertHash = []byte("hash")
	require.Equal(t, []string{"BAD_REQUEST"}, exchange(t, h, newClient(r.envelope())), "no certificate on the connection")

	h.BindingInspector = nil
	require.Equal(t, []string{"0", "SUCCESS"}, exchange(t, h, newClient(r.envelope())))
}

func TestBindingInspectorGetsTheChannelHeader(t *testing.T) {
	h := newTestHandler(newTestChain(1))
	var hash []byte
	h.BindingInspector = InspectorFunc(func(_ context.Context, m proto.Message) error {
		hash = ExtractChannelHeaderCertHash(m)
		return nil
	})
	r := newRequest(oldest, oldest)
	r.header.TlsCertHash = []byte("hash")
	require.Equal(t, []string{"0", "SUCCESS"}, exchange(t, h, newClient(r.envelope())))
	require.Equal(t, []byte("hash"), hash)
}

func TestExtractChannelHeaderCertHash(t *testing.T) {
	require.Equal(t, []byte{7}, ExtractChannelHeaderCertHash(&cb.ChannelHeader{TlsCertHash: []byte{7}}))
	require.Nil(t, ExtractChannelHeaderCertHash(nil))
	require.Nil(t, ExtractChannelHeaderCertHash((*cb.ChannelHeader)(nil)))
	require.Nil(t, ExtractChannelHeaderCertHash(&ab.SeekInfo{}))
}

func TestPolicyCheckerFunc(t *testing.T) {
	envelope := &cb.Envelope{}
	f := PolicyCheckerFunc(func(e *cb.Envelope, id string) error {
		require.Same(t, envelope, e)
		return errors.New(id)
	})
	require.EqualError(t, f.CheckPolicy(envelope, "x"), "x")
}

// A change of the configuration, or expiry, cuts the stream at the next block;
// that block is withheld.
func TestAccessLostWhileStreaming(t *testing.T) {
	for name, lose := range map[string]func(*testChain, *client){
		"configuration": func(chain *testChain, c *client) {
			c.mu.Lock()
			c.policy = func(int) error { return errNoReader }
			c.mu.Unlock()
			chain.reconfigure()
		},
		"expiry": func(*testChain, *client) { time.Sleep(time.Hour) }, // of the bubble's clock
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				chain := newTestChain(1)
				r := newRequest(oldest, at(math.MaxUint64))
				r.signature = marshal(&cb.SignatureHeader{Creator: identityUntil(t, time.Now().Add(30*time.Minute))})
				c := newClient(r.envelope())
				done := make(chan error, 1)
				go func() { done <- newTestHandler(chain).Handle(context.Background(), c.server()) }()
				synctest.Wait()
				lose(chain, c)
				synctest.Wait()
				require.Equal(t, []string{"0"}, c.got(), "nothing is checked while waiting")
				chain.grow(1)
				synctest.Wait()
				require.Equal(t, []string{"0", "FORBIDDEN"}, c.got())
				close(c.requests)
				require.NoError(t, <-done)
			})
		})
	}
}
