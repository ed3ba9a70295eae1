// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/comm"
)

func TestDemultiplexerAsksInOrderAndDeliversToAllThatWant(t *testing.T) {
	m := comm.NewChannelDemultiplexer()
	var asked []string
	wants := func(name string, want bool) func(interface{}) bool {
		return func(interface{}) bool {
			asked = append(asked, name)
			return want
		}
	}
	a, b, c := m.AddChannel(wants("a", true)), m.AddChannel(wants("b", false)), m.AddChannel(wants("c", true))
	for i := 0; i < 10; i++ { // the buffer of each
		m.DeMultiplex(i)
	}
	assert.Equal(t, []string{"a", "b", "c"}, asked[:3])
	assert.Len(t, asked, 30)
	for i := 0; i < 10; i++ {
		assert.Equal(t, i, <-a)
		assert.Equal(t, i, <-c)
	}
	assert.Empty(t, b)

	m.Close()
	m.Close()
	m.DeMultiplex("not delivered")
	for _, ch := range []chan interface{}{a, b, c, m.AddChannel(wants("d", true))} {
		_, open := <-ch
		assert.False(t, open)
	}
	assert.Len(t, asked, 30)
}

// One channel that nobody reads must not keep others from being added, served or
// closed.
func TestFullChannelHoldsUpOnlyItsMessage(t *testing.T) {
	m := comm.NewChannelDemultiplexer()
	stuck := m.AddChannel(func(msg interface{}) bool { return msg == "stuck" })
	for i := 0; i < 10; i++ {
		m.DeMultiplex("stuck")
	}
	var held sync.WaitGroup
	for i := 0; i < 3; i++ {
		held.Add(1)
		go func() {
			defer held.Done()
			m.DeMultiplex("stuck")
		}()
	}
	other := m.AddChannel(func(msg interface{}) bool { return msg == "other" })
	m.DeMultiplex("other")
	assert.Equal(t, "other", <-other)
	assert.Equal(t, "stuck", <-stuck) // lets one in
	m.Close()
	held.Wait()
	n := 0
	for range stuck {
		n++
	}
	assert.True(t, n >= 9 && n <= 10, "closed with what was in it: %d", n)
	_, open := <-other
	assert.False(t, open)
}

// There is no lock around predicates; one may even close.
func TestPredicatesMayUseTheDemultiplexer(t *testing.T) {
	m := comm.NewChannelDemultiplexer()
	var inner chan interface{}
	outer := m.AddChannel(func(msg interface{}) bool {
		switch msg {
		case "add":
			inner = m.AddChannel(func(interface{}) bool { return true })
		case "close":
			m.Close()
		}
		return true
	})
	within(t, longest, "predicates", func() {
		m.DeMultiplex("add")
		m.DeMultiplex("both")
		m.DeMultiplex("close")
	})
	assert.Equal(t, "both", <-inner)
	assert.Equal(t, "add", <-outer)
	assert.Equal(t, "both", <-outer)
	for _, ch := range []chan interface{}{outer, inner} {
		for last := range ch { // whether the last one got there is open
			assert.Equal(t, "close", last)
		}
	}
}

func TestDemultiplexerConcurrently(t *testing.T) {
	m := comm.NewChannelDemultiplexer()
	var all, readers sync.WaitGroup
	for i := 0; i < 4; i++ {
		all.Add(2)
		go func() {
			defer all.Done()
			for j := 0; j < 200; j++ {
				m.DeMultiplex(j)
			}
		}()
		go func() {
			defer all.Done()
			for j := 0; j < 20; j++ {
				ch := m.AddChannel(func(interface{}) bool { return true })
				readers.Add(1)
				go func() {
					defer readers.Done()
					for range ch {
					}
				}()
			}
		}()
	}
	within(t, longest, "demultiplexing", all.Wait)
	m.Close()
	within(t, longest, "closing", readers.Wait)
}

func TestCertificates(t *testing.T) {
	one, two := comm.GenerateCertificatesOrPanic(), comm.GenerateCertificatesOrPanic()
	assert.NotEqual(t, one.Certificate, two.Certificate)
	assert.NotNil(t, one.PrivateKey)
	assert.Nil(t, comm.CertHashFromRawCert(nil))
	assert.Nil(t, comm.CertHashFromRawCert([]byte{}))
	assert.Len(t, comm.CertHashFromRawCert(one.Certificate[0]), 32)
	comm.SetDialTimeout(time.Second)
	comm.SetDialTimeout(0)
}
