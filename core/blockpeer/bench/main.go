// SPDX-License-Identifier: Apache-2.0

/*
Command bench measures how fast the delivery path takes in blocks, against the
fastest that gRPC and protobuf alone could: a loop of Recv on the same kind of
stream, "the limit". Run it with

	make bench                              # or: go run ./core/blockpeer/bench
	make bench BENCHARGS='-tls -rounds 9'

# What is compared

The limit dials with the delivery client's own connection factory and calls
Recv of the generated client. The path is the real one: a DeliverService with
its default factories, each block verified once by core/blockpeer/mcs under the
channel's configuration, up to the return of AddPayload. Both read the same
chain: blocks with real headers, hashes and orderer signatures, made and signed
before, served from memory by a process of its own (core/blockpeer/orderer's
Replay). Client and server are meant to share two cores; on a larger machine
each is held to two by GOMAXPROCS, and taskset makes them share.

# How

The two take turns, several rounds of it, and what is compared are the rounds:
noise of the machine that lasts longer than a turn falls on both. A turn is one
or more passes over the chain, each on a connection of its own. Counted is the
middle of a pass, from an early block to a late one, with buffers equally full
at both ends. Figures are medians over the rounds. CPU is the client process's
user and system time; bytes and allocations are the runtime's own count, all
goroutines included. The allocations of VerifyBlock are measured apart, on the
same blocks, and subtracted before the path is compared with the limit.

A third client, "in a row", does what must be done with a block in the plainest
way, which is v1.3.0's: decode, encode again, decode that to verify it, hash a
copy. Where it stands tells how far the upstream figures printed beside, which
come from another machine, carry over to this one.

On a machine that has other work the rates of single rounds mean little. The row
"by CPU of both processes" is then the one to look at: what the ratio of the
rates is when client and server keep both cores busy and nobody else does.

It is not a load generator and not a test; missing a target fails only under
-check.
*/
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/hyperledger/fabric/common/flogging"
)

// cores is what client and server are to share.
const cores = 2

// options are the command line.
type options struct {
	sizes   []int // of blocks, in bytes
	rounds  int
	turn    time.Duration // counted time of one side in one round, at least
	chain   int           // bytes of the chain that is served
	tx      int           // bytes of a transaction
	tls     bool
	raw     bool
	serial  bool
	check   bool
	profile string
	verbose bool
}

func main() {
	runtime.GOMAXPROCS(min(cores, runtime.GOMAXPROCS(0)))
	if len(os.Args) > 1 && os.Args[1] == serveArgument {
		exit(serve(os.Args[2:], os.Stdin, os.Stdout))
	}
	o, err := parse(os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		os.Exit(2) // the flag set has said why
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	exit(run(ctx, o, os.Stdout))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func parse(arguments []string) (*options, error) {
	o := &options{sizes: []int{10 << 10, 100 << 10, 1 << 20}}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.Func("sizes", "block sizes, comma-separated, such as 10k,100k,1m (the default)", func(list string) (err error) {
		o.sizes, err = parseSizes(list)
		return err
	})
	flags.IntVar(&o.rounds, "rounds", 11, "how often the two sides take turns")
	seconds := flags.Float64("seconds", 0.15, "counted seconds of each turn, at least")
	megabytes := flags.Int("chain", 128, "megabytes of blocks that the server holds, at most")
	flags.IntVar(&o.tx, "tx", 5000, "bytes of a transaction")
	flags.BoolVar(&o.tls, "tls", false, "mutual TLS instead of plain text")
	flags.BoolVar(&o.raw, "raw", false, "serve stored bytes, as the embedded orderer does, instead of encoding each block")
	flags.BoolVar(&o.serial, "serial", true, "also measure a plain client that does everything in a row, as v1.3.0 does")
	flags.BoolVar(&o.check, "check", false, "fail if a target is missed")
	flags.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of the path here, of the server to the same name with .server")
	flags.BoolVar(&o.verbose, "v", false, "print each round, and logs")
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}
	o.turn = time.Duration(*seconds * float64(time.Second))
	o.chain = *megabytes << 20
	if flags.NArg() > 0 || o.rounds < 1 || o.turn < 0 || o.chain < 1 || o.tx < 512 {
		err := errors.New("usage: -rounds and -chain are at least 1, -tx at least 512, and there are no further arguments")
		fmt.Fprintln(flags.Output(), err)
		return nil, err
	}
	return o, nil
}

// parseSizes reads numbers of bytes, with k and m for 2^10 and 2^20 of them.
func parseSizes(list string) ([]int, error) {
	const least, most = 2 << 10, 64 << 20
	var sizes []int
	for _, text := range strings.Split(list, ",") {
		number, unit := strings.ToLower(strings.TrimSpace(text)), 1
		for suffix, factor := range map[string]int{"k": 1 << 10, "m": 1 << 20} {
			if digits, found := strings.CutSuffix(number, suffix); found {
				number, unit = digits, factor
			}
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 1 || n > most/unit || n*unit < least {
			return nil, fmt.Errorf("%q is not a size from 2k to 64m", text)
		}
		sizes = append(sizes, n*unit)
	}
	return sizes, nil
}

// run measures and reports every size.
func run(ctx context.Context, o *options, out io.Writer) error {
	if !o.verbose {
		flogging.Init(flogging.Config{LogSpec: "error"})
	}
	dir, err := os.MkdirTemp("", "blockpeer-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	n, err := newNetwork(dir, o.tls)
	if err != nil {
		return err
	}
	p, err := newPeer(n)
	if err != nil {
		return err
	}
	printHead(out, o)
	var missed []string
	for _, size := range o.sizes {
		r, err := measure(ctx, o, p, size, out)
		if err != nil {
			return fmt.Errorf("%s blocks: %w", sizeName(size), err)
		}
		r.print(out)
		missed = append(missed, r.missed()...)
	}
	if len(missed) > 0 {
		fmt.Fprintf(out, "\nmissed: %s\n", strings.Join(missed, "; "))
		if o.check {
			return errors.New("targets missed")
		}
	}
	return nil
}

// measure lets the two sides take turns on blocks of one size.
func measure(ctx context.Context, o *options, p *peer, size int, out io.Writer) (*result, error) {
	server, err := startServer(ctx, p.network, o, size)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	s := &source{peer: p, server: server, pass: passOver(server.blocks, server.blockBytes)}
	r := &result{size: size, wire: server.blockBytes, transactions: server.transactions}
	if r.verification, err = s.verifyAlone(ctx); err != nil {
		return nil, err
	}
	sides := []side{{"limit", s.limit, &r.limits}, {"path", s.path, &r.paths}}
	if o.serial {
		sides = append(sides, side{"serial", s.serial, &r.serials})
	}
	for _, warmUp := range sides {
		if _, err := warmUp.pass(ctx); err != nil {
			return nil, err
		}
	}
	for round := 0; round < o.rounds; round++ {
		for i := range sides {
			// A B C, B C A, ...: none always comes first.
			one := sides[(i+round)%len(sides)]
			if err := one.turn(ctx, o, server); err != nil {
				return nil, fmt.Errorf("%s: %w", one.name, err)
			}
			if o.verbose {
				figures := (*one.figures)[len(*one.figures)-1]
				fmt.Fprintf(out, "  round %d %-6s %v\n", round+1, one.name, figures)
			}
		}
	}
	return r, server.stop()
}

// side is one of the two that are compared.
type side struct {
	name    string
	pass    func(context.Context) (figures, error)
	figures *[]figures // of its turns so far
}

// turn makes passes until the time is up, and keeps their sum.
func (s *side) turn(ctx context.Context, o *options, server *server) error {
	stopProfile := func() error { return nil }
	if s.name == "path" && o.profile != "" {
		var err error
		if stopProfile, err = startProfile(o.profile); err != nil {
			return err
		}
	}
	runtime.GC()
	before, err := server.cpu()
	if err != nil {
		return err
	}
	var sum figures
	for sum.elapsed <= o.turn {
		one, err := s.pass(ctx)
		if err != nil {
			return err
		}
		sum.add(one)
	}
	after, err := server.cpu()
	if err != nil {
		return err
	}
	sum.serverCPU = after - before
	*s.figures = append(*s.figures, sum)
	return stopProfile()
}
