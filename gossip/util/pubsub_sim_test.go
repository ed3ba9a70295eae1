// SPDX-License-Identifier: Apache-2.0

//go:build go1.25
// +build go1.25

//go:debug asynctimerchan=0

package util

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestSimSubscriptionsExpire(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := NewPubSub()
		brief, long := ps.Subscribe("t", time.Second), ps.Subscribe("t", time.Minute)
		ps.Subscribe("u", -time.Second)
		synctest.Wait()
		assert.Equal(t, 1, topicsOf(ps), "no time to live at all")
		assert.NoError(t, ps.Publish("t", 1))
		time.Sleep(time.Second)
		synctest.Wait()
		assert.NoError(t, ps.Publish("t", 2))
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Equal(t, 0, topicsOf(ps))
		assert.EqualError(t, ps.Publish("t", 3), "no subscribers")

		item, err := brief.Listen()
		assert.NoError(t, err, "what arrived in time stays readable")
		assert.Equal(t, 1, item)
		for _, want := range []int{1, 2} {
			item, err = long.Listen()
			assert.NoError(t, err)
			assert.Equal(t, want, item)
		}
	})
}

func TestSimListenWaitsFromItsCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ps := NewPubSub()
		s := ps.Subscribe("t", 2*time.Second)
		for round := 0; round < 3; round++ {
			start := time.Now()
			_, err := s.Listen()
			assert.EqualError(t, err, "timed out")
			assert.Equal(t, 2*time.Second, time.Since(start))
		}
		late := ps.Subscribe("t", 2*time.Second)
		go func() {
			time.Sleep(time.Second)
			ps.Publish("t", "there you are")
		}()
		item, err := late.Listen()
		assert.NoError(t, err)
		assert.Equal(t, "there you are", item)
		late.(*subscription).Cancel()
	})
}
