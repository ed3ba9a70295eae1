// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/hyperledger/fabric/core/deliverservice/internal/ahead"
	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// What is read before it is wanted. The bytes are far above what keeps a stream
// of small blocks busy, and hold the message count of large ones down to a few.
var readAheadLimits = ahead.Limits{Messages: 64, Bytes: 8 << 20}

// maxVerifiers bounds the goroutines that verify the blocks of one connection.
const maxVerifiers = 4

// blockCheck judges one block by itself: MessageCryptoService.VerifyBlock and
// what goes with it. raw is the block's wire encoding.
type blockCheck func(block *cb.Block, raw []byte) error

// readAhead receives from one stream before its consumer asks, and has blocks
// verified meanwhile. Goroutines: one reader, which alone receives, and a few
// verifiers, all counted in the tasks that start was given. They end when the
// stream ends or done is closed, a verifier after the block it is at. Whoever
// closes done also has to end the stream, in which the reader may be waiting;
// what was read and not taken is discarded then.
//
// The consumer must call next and settle from one goroutine at a time.
type readAhead struct {
	source   stream.Source
	check    blockCheck
	patience func() time.Duration // nil: without limit

	ready chan *arrival // what was read, in order; the last one carries the error
	jobs  chan *arrival // what may be verified early; a full queue is skipped
	room  chan struct{} // a token tells the reader to look at the window again
	done  <-chan struct{}

	mutex  sync.Mutex
	window ahead.Window // guarded by mutex

	// unsettled says that the message taken last is a config block. Consumer's.
	unsettled bool
}

// arrival is one outcome of receiving, and the verification that belongs to it.
type arrival struct {
	msg    *stream.Message
	err    error
	size   int
	config bool

	check   blockCheck
	checked sync.Once
	verdict error // guarded by checked
}

// verify returns the outcome of the check, made once by whoever comes first; a
// later caller waits for it.
func (a *arrival) verify() error {
	a.checked.Do(func() {
		a.verdict = a.check(a.msg.Response.GetBlock(), a.msg.Block)
	})
	return a.verdict
}

func newReadAhead(source stream.Source, check blockCheck, limits ahead.Limits, done <-chan struct{}) *readAhead {
	return &readAhead{
		source: source,
		check:  check,
		ready:  make(chan *arrival, limits.Messages+1), // never blocks: the window's messages and an error
		jobs:   make(chan *arrival, limits.Messages),
		room:   make(chan struct{}, 1),
		done:   done,
		window: ahead.NewWindow(limits),
	}
}

// start launches the goroutines and adds them to tasks.
func (r *readAhead) start(tasks *sync.WaitGroup) {
	verifiers := runtime.GOMAXPROCS(0)
	if verifiers > maxVerifiers {
		verifiers = maxVerifiers
	}
	tasks.Add(1 + verifiers)
	go func() {
		defer tasks.Done()
		defer close(r.jobs)
		r.read()
	}()
	for i := 0; i < verifiers; i++ {
		go func() {
			defer tasks.Done()
			r.runVerifier()
		}()
	}
}

func (r *readAhead) read() {
	for r.awaitRoom() {
		a := &arrival{}
		a.msg, a.err = r.source.RecvMessage()
		if a.err == nil {
			r.admit(a)
		}
		r.ready <- a
		if a.err != nil {
			return
		}
	}
}

// awaitRoom waits until another message may be read; false means never again.
func (r *readAhead) awaitRoom() bool {
	for {
		r.mutex.Lock()
		full := r.window.Full()
		r.mutex.Unlock()
		if !full {
			return !r.over()
		}
		select {
		case <-r.room:
		case <-r.done:
			return false
		}
	}
}

// admit enters a message into the window and has it verified if that is timely.
func (r *readAhead) admit(a *arrival) {
	a.size = len(a.msg.Block)
	block := a.msg.Response.GetBlock()
	a.config = block != nil && protoext.IsConfigBlock(block)
	r.mutex.Lock()
	early := r.window.Add(a.size, a.config)
	r.mutex.Unlock()
	if !early || !verifiable(block) {
		return
	}
	a.check = r.check
	a.msg.Verdict = a.verify
	select {
	case r.jobs <- a:
	default: // the consumer verifies it when it gets there
	}
}

// verifiable tells whether a block has what a MessageCryptoService takes for
// granted: a header, with a number that fits into the integer of its encoding.
// What has not is left to the consumer to refuse.
func verifiable(block *cb.Block) bool {
	return block != nil && block.Header != nil && block.Header.Number <= math.MaxInt64
}

func (r *readAhead) runVerifier() {
	for a := range r.jobs {
		if !r.over() {
			a.verify()
		}
	}
}

// next returns the oldest message that was not taken yet. It waits for one, but
// no longer than patience says. After the stream's own error it must not be
// called again.
func (r *readAhead) next() (*stream.Message, error) {
	if r.over() {
		return nil, errDisconnected
	}
	select {
	case a := <-r.ready:
		return r.hand(a)
	default:
	}
	var impatient <-chan time.Time
	if r.patience != nil {
		timer := time.NewTimer(r.patience())
		defer timer.Stop()
		impatient = timer.C
	}
	select {
	case a := <-r.ready:
		return r.hand(a)
	case <-r.done:
		return nil, errDisconnected
	case <-impatient:
		return nil, errSilent
	}
}

func (r *readAhead) hand(a *arrival) (*stream.Message, error) {
	if a.err != nil {
		return nil, a.err
	}
	r.take(a)
	return a.msg, nil
}

func (r *readAhead) take(a *arrival) {
	r.unsettled = a.config
	r.mutex.Lock()
	r.window.Take(a.size)
	r.mutex.Unlock()
	select {
	case r.room <- struct{}{}:
	default:
	}
}

// settle tells that the message taken last has been passed on.
func (r *readAhead) settle() {
	if !r.unsettled {
		return
	}
	r.unsettled = false
	r.mutex.Lock()
	r.window.Settle()
	r.mutex.Unlock()
}

func (r *readAhead) over() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}
