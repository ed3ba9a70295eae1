// SPDX-License-Identifier: Apache-2.0

package conntable

import (
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// stage runs a script against a table of the peer "me". Links have the names
// that the script gives them.
type stage struct {
	table *Table
	now   time.Duration
	links map[string]*Link
	used  map[*Link]time.Duration
	dials map[Target]*Dial
}

func newStage() *stage {
	return &stage{
		table: New(Config{Self: "me", Settle: 5 * time.Second, Idle: time.Minute}),
		links: map[string]*Link{},
		used:  map[*Link]time.Duration{},
		dials: map[Target]*Dial{},
	}
}

// run carries out one line and says what came of it:
//
//	wait 3s           time passes
//	in PEER LINK      an inbound stream was authenticated
//	ask PEER AT       somebody wants to send
//	out PEER AT WHO LINK  the dial to PEER at AT led to a link to WHO
//	failed PEER AT    it led to nothing
//	heard LINK        the first envelope
//	used LINK         another message
//	end LINK          it ended
//	evict PEER, close, tidy, main PEER
func (s *stage) run(t testing.TB, line string) string {
	words := strings.Fields(line)
	arg := func(i int) string { return words[i] }
	switch words[0] {
	case "wait":
		d, err := time.ParseDuration(arg(1))
		assert.NoError(t, err)
		s.now += d
		return ""
	case "in":
		replaced, ok := s.table.Accepted(s.link(arg(1), arg(2), false), s.now)
		return outcome(replaced, ok)
	case "ask":
		return s.ask(target(arg(1), arg(2)))
	case "out":
		at := target(arg(1), arg(2))
		replaced, ok := s.table.Dialed(s.dials[at], s.link(arg(3), arg(4), true), s.now)
		return outcome(replaced, ok)
	case "failed":
		return name(s.table.Failed(s.dials[target(arg(1), arg(2))]))
	case "heard":
		s.used[s.links[arg(1)]] = s.now
		return outcome(s.table.Heard(s.links[arg(1)], s.now), true)
	case "used":
		s.used[s.links[arg(1)]] = s.now
		return ""
	case "end":
		return name(s.table.Ended(s.links[arg(1)]))
	case "evict":
		return outcome(s.table.Evict(arg(1)), true)
	case "close":
		links, dials := s.table.Close()
		return fmt.Sprintf("%s, %d dials", outcome(links, true), len(dials))
	case "tidy":
		return outcome(s.table.Tidy(s.now, func(l *Link) time.Duration { return s.used[l] }), true)
	case "main":
		return name(s.table.Main(arg(1)))
	}
	t.Fatalf("no such command: %s", line)
	return ""
}

func target(peer, endpoint string) Target {
	if peer == "?" {
		peer = ""
	}
	return Target{Peer: peer, Endpoint: endpoint}
}

func (s *stage) link(peer, name string, outbound bool) *Link {
	l := &Link{Peer: peer, Outbound: outbound, Owner: name}
	s.links[name], s.used[l] = l, s.now
	return l
}

func (s *stage) ask(target Target) string {
	link, dial, begun := s.table.Ask(target)
	switch {
	case link != nil:
		return name(link)
	case begun:
		s.dials[target] = dial
		return "dial"
	case dial != nil:
		return "join"
	}
	return "nothing"
}

func name(link *Link) string {
	if link == nil {
		return "none"
	}
	return link.Owner.(string)
}

func outcome(closed []*Link, ok bool) string {
	if !ok {
		return "refused"
	}
	var names []string
	for _, l := range closed {
		names = append(names, name(l))
	}
	sort.Strings(names)
	return strings.TrimSpace("ok " + strings.Join(names, " "))
}

// scripts are lines of "command -> outcome"; a line without outcome has none
// worth looking at.
var scripts = map[string]string{
	"inbound stream is sent on": `
		in x a -> ok
		main x -> a
		ask x e -> a
		end a -> none
		main x -> none`,
	"dial is shared and its link is sent on": `
		ask x e -> dial
		ask x e -> join
		ask x other -> dial
		ask y e -> dial
		out x e x a -> ok
		ask x e -> a
		ask x other -> a
		out x other x b -> ok a
		ask x e -> b`,
	"failed dial can be tried again": `
		ask x e -> dial
		failed x e -> none
		ask x e -> dial`,
	"peer connects while it is being dialled": `
		ask x e -> dial
		in x a -> ok
		ask x e -> a
		failed x e -> a
		main x -> a`,
	"nobody in particular is dialled each time": `
		ask ? e -> dial
		ask ? e -> join
		out ? e x a -> ok
		ask ? e -> dial
		out ? e x b -> ok a
		ask ? e -> dial
		failed ? e -> none
		main x -> b`,
	"a check of who is here displaces nothing": `
		in x a -> ok
		heard a -> ok
		in x probe -> ok
		main x -> a
		end probe -> a
		main x -> a`,
	"a stream that is used displaces an older inbound one": `
		in x a -> ok
		heard a -> ok
		in x b -> ok
		heard b -> ok a
		main x -> b
		end a -> b
		main x -> b`,
	"a stream that is used displaces a check of who is here": `
		in x probe -> ok
		in x b -> ok
		heard b -> ok probe
		main x -> b`,
	"one stream is kept besides, the newest": `
		in x a -> ok
		in x b -> ok
		in x c -> ok b
		end a -> c
		main x -> c
		end c -> none`,
	"a used stream displaces an outbound one of old": `
		ask x e -> dial
		out x e x a -> ok
		wait 6s
		in x b -> ok
		main x -> a
		heard b -> ok a
		main x -> b`,
	"both dial at once: both streams are kept, own is sent on": `
		ask x e -> dial
		out x e x a -> ok
		in x b -> ok
		heard b -> ok
		main x -> a
		end a -> b
		main x -> b`,
	"both dial at once, inbound first": `
		ask x e -> dial
		in x b -> ok
		heard b -> ok
		out x e x a -> ok
		main x -> a
		end b -> a
		main x -> a`,
	"both dialled at once: the greater one gives its own up": `
		ask a e -> dial
		out a e a mine -> ok
		in a theirs -> ok
		heard theirs -> ok
		tidy -> ok
		main a -> mine
		wait 6s
		used mine
		tidy -> ok
		main a -> theirs
		wait 6s
		tidy -> ok mine
		end mine -> theirs
		main a -> theirs`,
	"both dialled at once: the lesser one keeps its own": `
		ask x e -> dial
		out x e x mine -> ok
		in x theirs -> ok
		heard theirs -> ok
		wait 6s
		tidy -> ok
		main x -> mine
		end theirs -> mine`,
	"an unused inbound stream is not agreed on": `
		ask a e -> dial
		out a e a mine -> ok
		in a probe -> ok
		wait 20s
		used mine
		tidy -> ok
		main a -> mine`,
	"own idle streams are closed, those of others are not": `
		in x a -> ok
		ask y e -> dial
		out y e y b -> ok
		wait 50s
		used b
		wait 50s
		tidy -> ok
		wait 11s
		tidy -> ok b
		main x -> a
		main y -> none
		ask y e -> dial`,
	"idle stream leaves the other one": `
		ask x e -> dial
		out x e x a -> ok
		in x b -> ok
		wait 61s
		tidy -> ok a
		main x -> b`,
	"another peer answers": `
		ask x e -> dial
		out x e z a -> ok
		ask x e -> a
		ask x f -> dial
		main x -> none
		main z -> a
		end a -> none
		ask x e -> dial`,
	"another peer answers that is connected already": `
		ask z f -> dial
		out z f z a -> ok
		ask x e -> dial
		out x e z b -> ok a
		ask x e -> b
		end a -> b
		main z -> b`,
	"the one expected comes after all": `
		ask x e -> dial
		out x e z a -> ok
		in x b -> ok
		ask x e -> b
		end b -> none
		ask x e -> a`,
	"evicting closes all of one peer": `
		in x a -> ok
		in x b -> ok
		in y c -> ok
		evict x -> ok a b
		evict x -> ok
		evict nobody -> ok
		end a -> none
		heard b -> ok
		main y -> c
		in x d -> ok
		end a -> d
		heard a -> ok
		main x -> d`,
	"closing is for good": `
		in x a -> ok
		in x b -> ok
		ask y e -> dial
		close -> ok a b, 1 dials
		in x c -> refused
		out y e y d -> refused
		ask y e -> nothing
		tidy -> ok
		close -> ok, 0 dials`,
}

func TestScripts(t *testing.T) {
	for title, script := range scripts {
		title, script := title, script
		t.Run(title, func(t *testing.T) {
			s := newStage()
			for i, line := range strings.Split(strings.TrimSpace(script), "\n") {
				parts := strings.SplitN(strings.TrimSpace(line), " -> ", 2)
				got := s.run(t, parts[0])
				if len(parts) == 2 {
					assert.Equal(t, parts[1], got, "line %d: %s", i+1, parts[0])
				}
			}
		})
	}
}
