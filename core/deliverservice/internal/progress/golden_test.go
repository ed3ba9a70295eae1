// SPDX-License-Identifier: Apache-2.0

package progress

import (
	"flag"
	"fmt"
	"io/ioutil"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/pkg/errors"
)

var update = flag.Bool("update", false, "rewrite the expected answers in testdata")

// A script in testdata is a dialogue with one Core. Each line is an event and,
// behind "=>", the answer:
//
//	limits max=10s threshold=10
//	block NUMBER [stream=N] [prev=TEXT] [hash=TEXT] [height=N]
//	ok [config]                 the block was verified and handed on
//	bad [height=N]              it failed verification
//	stuck [height=N]            it could not be handed on
//	status NAME [stream=N]
//	garbled [stream=N]
//	refreshed
//
// Lines that start with # and empty lines are left alone.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		file := file
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			raw, err := ioutil.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := playScript(t, string(raw))
			if *update {
				if err := ioutil.WriteFile(file, []byte(got), 0644); err != nil {
					t.Fatal(err)
				}
				return
			}
			gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(raw), "\n")
			for i := range wantLines {
				if gotLines[i] != wantLines[i] {
					t.Errorf("%s:%d:\n want %s\n  got %s", file, i+1, wantLines[i], gotLines[i])
				}
			}
		})
	}
}

func playScript(t *testing.T, script string) string {
	p := player{lim: Limits{MaxDelay: 10 * time.Second, Threshold: 10}}
	lines := strings.Split(script, "\n")
	for i, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		event := strings.TrimSpace(strings.SplitN(line, "=>", 2)[0])
		answer, err := p.play(strings.Fields(event))
		if err != nil {
			t.Fatalf("line %d: %s: %s", i+1, event, err)
		}
		lines[i] = strings.TrimSpace(event + " => " + answer)
		if answer == "" {
			lines[i] = event
		}
	}
	return strings.Join(lines, "\n")
}

type player struct {
	core Core
	lim  Limits
}

// play reports one event and spells the answer.
func (p *player) play(words []string) (string, error) {
	args := map[string]string{}
	for _, w := range words[1:] {
		kv := strings.SplitN(w, "=", 2)
		args[kv[0]] = kv[len(kv)-1]
	}
	switch words[0] {
	case "limits":
		p.lim.Threshold = int(number(args, "threshold"))
		max, err := time.ParseDuration(args["max"])
		p.lim.MaxDelay = max
		return "", err
	case "block":
		n, err := strconv.ParseUint(words[1], 10, 64)
		b := Block{Number: n, Stream: number(args, "stream"), Previous: []byte(args["prev"]), Hash: []byte(args["hash"])}
		return spell(p.core.Arrived(b, height(args), p.lim)), err
	case "ok":
		_, config := args["config"]
		p.core.Accepted(config)
		return "", nil
	case "bad":
		return spell(p.core.Disproved(errors.New("bad signature"), height(args), p.lim)), nil
	case "stuck":
		return spell(p.core.Stuck(errors.New("buffer is full"), height(args), p.lim)), nil
	case "status":
		return spell(p.core.Status(cb.Status(cb.Status_value[words[1]]), number(args, "stream"), p.lim)), nil
	case "garbled":
		return spell(p.core.Garbled(errors.New("no block"), number(args, "stream"), p.lim)), nil
	case "refreshed":
		p.core.Refreshed()
		return "", nil
	}
	return "", errors.New("unknown event")
}

func number(args map[string]string, key string) uint64 {
	n, _ := strconv.ParseUint(args[key], 10, 64)
	return n
}

func height(args map[string]string) Height {
	_, known := args["height"]
	return Height{Value: number(args, "height"), Known: known}
}

func spell(a Action) string {
	s := a.Do.String()
	if a.Do == Again || a.Do == Leave {
		s += fmt.Sprintf(" in %s", a.After)
	}
	if a.Blame {
		s += ", blaming"
	}
	if a.Reason != nil {
		s += ": " + a.Reason.Error()
	}
	return s
}
