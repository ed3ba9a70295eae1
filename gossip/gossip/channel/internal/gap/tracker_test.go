// SPDX-License-Identifier: Apache-2.0

package gap_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/gossip/channel/internal/gap"
)

var patience = gap.Config{
	Window:     10,
	GapGrace:   150 * time.Millisecond,
	ClaimGrace: 400 * time.Millisecond,
	DigestWait: 400 * time.Millisecond,
	UpdateWait: time.Second,
	Batch:      4,
	Parallel:   2,
}

// clerk drives a tracker in a time of its own, in milliseconds. Of peers that
// are equally good the first by name is picked; nonces count from 1.
type clerk struct {
	*gap.Tracker
	start time.Time
	now   time.Time
	away  map[string]bool // peers that are not eligible
}

func newClerk() *clerk {
	nonce := uint64(0)
	start := time.Unix(1000, 0)
	return &clerk{
		start: start,
		now:   start,
		away:  map[string]bool{},
		Tracker: gap.New(patience, func(int) int { return 0 }, func() uint64 {
			nonce++
			return nonce
		}),
	}
}

// until lets time pass, doing what is due when it is due, and tells what was.
func (c *clerk) until(ms int) []string {
	var log []string
	end := c.start.Add(time.Duration(ms) * time.Millisecond)
	for step := 0; step < 1000; step++ {
		at, due := c.Wake(c.now)
		if !due || at.After(end) {
			c.now = end
			return log
		}
		if at.After(c.now) {
			c.now = at
		}
		for _, hello := range c.Ask(c.now, func(peer string) bool { return !c.away[peer] }) {
			log = append(log, fmt.Sprintf("%d %s %d", c.now.Sub(c.start)/time.Millisecond, hello.Peer, hello.Nonce))
		}
	}
	return append(log, "it never rests")
}

func (c *clerk) see(numbers ...uint64) {
	for _, number := range numbers {
		c.Seen(c.now, number)
	}
}

func (c *clerk) digest(peer string, nonce uint64, numbers ...uint64) string {
	request, ours := c.Digest(c.now, peer, nonce, numbers)
	return fmt.Sprint(request, ours)
}

var none []string

func TestNothingIsMissing(t *testing.T) {
	c := newClerk()
	assert.Equal(t, none, c.until(1000))
	c.Claims("a", 100)
	c.Holds("a", 7)
	assert.Equal(t, none, c.until(2000), "without a block and a height of one's own no number means anything")
	c.Height(100)
	assert.Equal(t, none, c.until(3000))
	c.see(100, 101, 102)
	c.Claims("a", 103)
	c.Holds("b", 101, 102)
	assert.Equal(t, none, c.until(60000))
}

func TestAHoleIsAskedForAfterItsGrace(t *testing.T) {
	c := newClerk()
	c.see(5)
	c.until(1000)
	c.see(7)
	c.Holds("b", 7)
	assert.Equal(t, []string{"1150 b 1"}, c.until(1200), "of who has shown a later one")
	assert.Equal(t, "[6] true", c.digest("b", 1, 5, 6, 7))
	c.see(6)
	assert.True(t, c.Update(c.now, "b", 1))
	assert.Equal(t, none, c.until(60000))
}

func TestABlockThatWasOnItsWayIsNotAskedFor(t *testing.T) {
	c := newClerk()
	c.see(5, 7)
	c.Holds("b", 7)
	c.Claims("c", 8)
	assert.Equal(t, none, c.until(149))
	c.see(6)
	assert.Equal(t, none, c.until(60000))
}

func TestWhoIsAsked(t *testing.T) {
	cases := map[string]struct {
		know func(c *clerk)
		asks []string
	}{
		"who has shown it before who says so": {
			func(c *clerk) { c.Claims("a", 8); c.Holds("b", 6) }, []string{"150 b 1"}},
		"who says so before who has shown a later one": {
			func(c *clerk) { c.Holds("a", 7); c.Claims("b", 7) }, []string{"150 b 1"}},
		"who says to have only lower ones never": {
			func(c *clerk) { c.Claims("a", 6); c.Holds("b", 5) }, none},
		"who keeps only higher ones never": {
			func(c *clerk) { c.Claims("a", 17) }, none},
		"who keeps it still": {
			func(c *clerk) { c.Claims("a", 16) }, []string{"150 a 1"}},
		"who lies about the end of all numbers never": {
			func(c *clerk) { c.Claims("a", math.MaxUint64); c.Holds("a", math.MaxUint64, math.MaxUint64-1) }, none},
		"nobody who is not eligible": {
			func(c *clerk) { c.Holds("b", 6); c.away["b"] = true; c.Claims("c", 8) }, []string{"150 c 1"}},
	}
	for name, test := range cases {
		c := newClerk()
		c.see(5, 7)
		test.know(c)
		assert.Equal(t, test.asks, c.until(399), name)
	}
}

// What only others have is asked for when it has not come for a while, and
// nothing else has either.
func TestAheadIsAskedForPatiently(t *testing.T) {
	c := newClerk()
	c.Height(10)
	c.Claims("a", 12)
	assert.Equal(t, []string{"400 a 1"}, c.until(500))
	assert.Equal(t, "[10 11] true", c.digest("a", 1, 9, 10, 11, 12))

	c = newClerk()
	c.Height(10)
	c.Claims("a", 19)
	for i := 0; i < 8; i++ { // blocks come, if slowly
		c.until(390 * (i + 1))
		c.see(uint64(10 + i))
	}
	assert.Equal(t, none, c.until(3120+399))
	assert.Equal(t, []string{"3520 a 1"}, c.until(3600))
}

func TestTheLedgersBlocksAreNotMissing(t *testing.T) {
	c := newClerk()
	c.see(5, 7)
	c.Holds("a", 5, 6, 7)
	c.until(100)
	c.Height(7) // 6 came by state transfer
	assert.Equal(t, none, c.until(1000))
	c.Height(3) // heights do not fall
	assert.Equal(t, none, c.until(2000))

	c = newClerk()
	c.see(7)
	c.Height(5) // the ledger begins below the first block that came
	c.Holds("a", 7)
	assert.Equal(t, []string{"150 a 1"}, c.until(200))
	assert.Equal(t, "[5 6] true", c.digest("a", 1, 5, 6, 7))
}

// What lies too far below the highest block is not to be had by pulling, and is
// nothing that the store would keep.
func TestOnlyTheWindowIsAskedFor(t *testing.T) {
	c := newClerk()
	c.Height(0)
	c.see(100)
	c.Holds("a", 100)
	var asked []string
	for i := uint64(1); i <= 5; i++ {
		c.until(200 * int(i))
		asked = append(asked, c.digest("a", i, 0, 50, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100))
		for n := 91 + 4*(i-1); n < 91+4*i && n < 100; n++ {
			c.see(n)
		}
		c.Update(c.now, "a", i)
	}
	assert.Equal(t, []string{"[91 92 93 94] true", "[95 96 97 98] true", "[99] true", "[] false", "[] false"}, asked)
}

func TestASilentPeerIsReplacedAndLeftAlone(t *testing.T) {
	c := newClerk()
	c.see(5, 7)
	c.Holds("a", 6)
	c.Holds("b", 6)
	assert.Equal(t, []string{"150 a 1", "550 b 2"}, c.until(900), "the other one, as soon as the first one's time is over")
	assert.Equal(t, []string{"1550 a 3", "1950 b 4", "3950 a 5", "4850 b 6", "8350 a 7", "10750 b 8", "16750 a 9"}, c.until(20000), "each when it has rested, for longer each time")
	c.Holds("c", 6)
	assert.Equal(t, []string{"20000 c"}, []string{c.until(20001)[0][:7]}, "who appears is asked at once")
}

func TestAPeerThatLacksItIsReplacedAtOnce(t *testing.T) {
	c := newClerk()
	c.see(5, 7)
	c.Claims("a", 8)
	c.Claims("b", 8)
	assert.Equal(t, []string{"150 a 1"}, c.until(200))
	assert.Equal(t, "[] true", c.digest("a", 1, 5, 7))
	assert.Equal(t, []string{"200 b 2"}, c.until(250))
	assert.Equal(t, "[] false", c.digest("a", 1, 5, 6), "that conversation is over")
	assert.Equal(t, "[] false", c.digest("a", 2, 5, 6), "that one is with another")
	assert.False(t, c.Update(c.now, "b", 2), "nothing was requested yet")
	assert.Equal(t, "[6] true", c.digest("b", 2, 6))
	assert.Equal(t, "[] true", c.digest("b", 2, 6), "only once")
	assert.False(t, c.Update(c.now, "a", 2))
}

func TestAPeerThatAnnouncesButDeliversNothing(t *testing.T) {
	c := newClerk()
	c.see(5, 7)
	c.Holds("a", 6)
	c.Holds("b", 6)
	c.until(200)
	c.digest("a", 1, 6)
	assert.True(t, c.Update(c.now, "a", 1), "with a block that does not verify")
	assert.Equal(t, []string{"200 b 2"}, c.until(300))
	c.digest("b", 2, 6)
	assert.Equal(t, none, c.until(1199), "nothing comes")
	assert.NotEmpty(t, c.until(20000))
}

func TestAnUpdateInParts(t *testing.T) {
	c := newClerk()
	c.see(5, 9)
	c.Holds("a", 6, 7, 8)
	c.until(200)
	assert.Equal(t, "[6 7 8] true", c.digest("a", 1, 6, 7, 8))
	c.see(6)
	c.Update(c.now, "a", 1)
	assert.Equal(t, none, c.until(1100), "the rest may be on its way")
	c.see(7)
	c.Update(c.now, "a", 1)
	assert.Equal(t, none, c.until(2099))
	assert.Equal(t, none, c.until(2100), "the only one who has it did not deliver it just now")
	assert.Equal(t, []string{"4100 a 2"}, c.until(4200))
}

func TestBlocksThatComeOtherwiseMeanwhile(t *testing.T) {
	c := newClerk()
	c.see(5, 9)
	c.Holds("a", 6, 7, 8)
	c.until(200)
	c.see(6, 7)
	assert.Equal(t, "[8] true", c.digest("a", 1, 6, 7, 8))
	c.see(8)
	assert.Equal(t, none, c.until(10000), "that no update came for it is no offence")
	c.see(11)
	c.Holds("a", 10)
	assert.Equal(t, []string{"10150 a 2"}, c.until(10200))
	c.see(10)
	assert.Equal(t, "[] true", c.digest("a", 2, 10))
}

func TestWorkIsSharedOut(t *testing.T) {
	c := newClerk()
	c.see(0, 10)
	c.Holds("a", 10)
	c.Holds("b", 10)
	c.Holds("c", 10)
	assert.Equal(t, []string{"150 a 1", "150 b 2"}, c.until(200), "two at a time, four blocks each")
	all := []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}
	assert.Equal(t, "[1 2 3 4] true", c.digest("a", 1, all...))
	assert.Equal(t, "[5 6 7 8] true", c.digest("b", 2, all...))
	c.see(1, 2, 3, 4)
	c.Update(c.now, "a", 1)
	assert.Equal(t, []string{"200 a 3"}, c.until(250))
}

func TestOnlyTheBusyPeerHasIt(t *testing.T) {
	c := newClerk()
	c.see(0, 10)
	c.Holds("a", 10)
	assert.Equal(t, []string{"150 a 1"}, c.until(200))
	assert.Equal(t, "[1 2 3 4] true", c.digest("a", 1, 1, 2, 3, 4, 5))
	c.see(1, 2, 3, 4)
	c.Update(c.now, "a", 1)
	assert.Equal(t, []string{"200 a 2"}, c.until(201), "as soon as it is free")
}

func TestKnownHolders(t *testing.T) {
	c := newClerk()
	c.see(100)
	c.Holds("a", 100, 95, 89, 1000)
	c.Claims("b", 98)
	for number, holders := range map[uint64]string{89: "b", 90: "b", 95: "ab", 97: "b", 98: "", 100: "a", 1000: ""} {
		got := ""
		for _, peer := range []string{"a", "b", "c"} {
			if c.Has(peer, number) {
				got += peer
			}
		}
		assert.Equal(t, holders, got, "%d", number)
	}
	c.see(109)
	assert.False(t, c.Has("a", 95), "forgotten")
	assert.True(t, c.Has("a", 100))
	c.Claims("b", 0)
	assert.False(t, c.Has("b", 97), "it has left")
	c.Retain(func(peer string) bool { return peer != "a" })
	assert.False(t, c.Has("a", 100))
}

func TestWhoHadItIsForgotten(t *testing.T) {
	c := newClerk()
	c.Height(10)
	c.Claims("a", 12)
	c.Wake(c.now)
	c.Retain(func(string) bool { return false })
	assert.Equal(t, none, c.until(5000))
	_, due := c.Wake(c.now)
	assert.False(t, due, "nothing is waited for")
}

func TestTheLastNumber(t *testing.T) {
	c := newClerk()
	c.see(math.MaxUint64)
	c.see(math.MaxUint64 - 1)
	c.Height(math.MaxUint64)
	c.Claims("a", math.MaxUint64)
	c.Holds("a", math.MaxUint64, math.MaxUint64-1)
	assert.Equal(t, none, c.until(5000))
	assert.True(t, c.Has("a", math.MaxUint64-1))
}

// A peer that names a nonce twice, or one that is taken, gets its own.
func TestNoncesAreDistinct(t *testing.T) {
	tracker := gap.New(patience, func(int) int { return 0 }, func() uint64 { return math.MaxUint64 })
	now := time.Unix(0, 0)
	tracker.Seen(now, 0)
	tracker.Seen(now, 10)
	tracker.Holds("a", 10)
	tracker.Holds("b", 10)
	tracker.Wake(now)
	assert.Equal(t, []gap.Hello{{Peer: "a", Nonce: math.MaxUint64}, {Peer: "b", Nonce: 0}}, tracker.Ask(now.Add(time.Second), func(string) bool { return true }))
}

// Fifty peers say that they have blocks which none of them keeps any more, as
// after a restart of all of them.
func TestNobodyKeepsIt(t *testing.T) {
	c := newClerk()
	c.Height(10)
	for i := 0; i < 50; i++ {
		c.Claims(fmt.Sprint("peer", i), 15)
	}
	hellos := 0
	for ms := 0; ms <= 600000; ms += 50 {
		for _, log := range c.until(ms) {
			var at, nonce int
			var peer string
			_, err := fmt.Sscan(log, &at, &peer, &nonce)
			assert.NoError(t, err)
			assert.Equal(t, "[] true", c.digest(peer, uint64(nonce), 3, 4))
			hellos++
		}
		if ms%1000 == 0 { // as periodic pulls and StateInfo tell again
			for i := 0; i < 50; i++ {
				c.Claims(fmt.Sprint("peer", i), 15)
				c.Holds(fmt.Sprint("peer", i), 3, 4)
			}
		}
	}
	assert.True(t, hellos > 20 && hellos < 200, "%d in ten minutes", hellos)
}
