// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"context"
	"time"

	"github.com/hyperledger/fabric/core/deliverservice/internal/retry"
	"github.com/hyperledger/fabric/core/deliverservice/internal/stream"
	"github.com/pkg/errors"
	"google.golang.org/grpc"
)

// What a producer may offer beyond comm.ConnectionProducer.
type (
	// cancellableProducer can give up dialling. A connection that comes about
	// after ctx has ended is closed by the producer.
	cancellableProducer interface {
		NewConnectionContext(ctx context.Context) (*grpc.ClientConn, string, error)
	}
	// judgingProducer remembers which endpoints proved useful.
	judgingProducer interface {
		Promote(endpoint string)
		Demote(endpoint string)
	}
)

// dial gets a connection from the producer. It returns when ctx ends, whatever
// the producer is doing.
func (bc *broadcastClient) dial(ctx context.Context) (*grpc.ClientConn, string, error) {
	if bc.prod == nil {
		return nil, "", errors.New("there is no orderer endpoint to connect to")
	}
	if p, ok := bc.prod.(cancellableProducer); ok {
		return p.NewConnectionContext(ctx)
	}
	return bc.dialPlain()
}

// dialled is what a call of NewConnection returned.
type dialled struct {
	conn     *grpc.ClientConn
	endpoint string
	err      error
}

// dialPlain lets a producer that cannot be interrupted dial in a goroutine of
// its own. Only Close leaves that goroutine behind, to close a late connection:
// there must never be two calls of such a producer at once.
func (bc *broadcastClient) dialPlain() (*grpc.ClientConn, string, error) {
	result := make(chan dialled)
	bc.tasks.Add(1)
	go func() {
		defer bc.tasks.Done()
		var d dialled
		d.conn, d.endpoint, d.err = bc.prod.NewConnection()
		select {
		case result <- d:
		case <-bc.stop:
			if d.err == nil && d.conn != nil {
				d.conn.Close()
			}
		}
	}()
	select {
	case d := <-result:
		return d.conn, d.endpoint, d.err
	case <-bc.stop:
		return nil, "", errClosing
	}
}

// waitAfter waits as long as the policy wants after a failure; false means that
// it wants no further attempt.
func (bc *broadcastClient) waitAfter(round *retry.Round, cause error) bool {
	attempt, elapsed := round.Failed()
	asked, waited := bc.adjust(attempt, elapsed)
	delay, again := bc.shouldRetry(asked, waited)
	if !again {
		return false
	}
	round.Waiting(delay)
	bc.mutex.Lock()
	bc.history.Waiting(delay)
	bc.mutex.Unlock()
	if cause == errDisconnected {
		// Somebody wanted it so: the endpoints changed, or a status told us to.
		logger.Infof("[%s] Connecting again in %s", bc.channelID, delay)
	} else {
		logger.Warningf("[%s] No blocks from an orderer (attempt %d), trying again in %s: %s", bc.channelID, asked, delay, cause)
	}
	if bc.pause(delay) {
		round.Redirected()
	}
	return true
}

func (bc *broadcastClient) adjust(attempt int, elapsed time.Duration) (int, time.Duration) {
	if !bc.farsight {
		return attempt, elapsed
	}
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	return bc.history.Adjust(attempt, elapsed)
}

// pause waits for the given time, less if the client is closed. When the
// endpoints change it waits for redirectPause at most and returns true.
func (bc *broadcastClient) pause(delay time.Duration) (redirected bool) {
	bc.mutex.Lock()
	updated := bc.updated
	bc.mutex.Unlock()
	end := time.Now().Add(delay)
	for {
		timer := time.NewTimer(time.Until(end))
		select {
		case <-timer.C:
			return redirected
		case <-bc.stop:
			timer.Stop()
			return redirected
		case <-updated:
			timer.Stop()
			updated = nil // the changes of the next moments are all in time
			redirected = true
			if soon := time.Now().Add(redirectPause); soon.Before(end) {
				end = soon
			}
		}
	}
}

// noteHanded remembers what has been handed out.
func (bc *broadcastClient) noteHanded(l *link, msg *stream.Message) {
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	bc.serial = l.serial
	if msg.Response.GetBlock() != nil {
		l.handed = true
		if !l.fruitful { // later blocks prove nothing by their age
			l.blockAge = time.Since(l.since)
		}
	}
}

// Serial implements stream.Numbered.
func (bc *broadcastClient) Serial() uint64 {
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	return bc.serial
}

// LedgerHeight implements stream.Ledger.
func (bc *broadcastClient) LedgerHeight() (uint64, error) {
	if bc.ledger == nil {
		return 0, errors.New("the client does not know a ledger")
	}
	return bc.ledger.LedgerHeight()
}

// acknowledge concludes, from being asked for more on the same connection, that
// the block handed out last was good. That is progress.
func (bc *broadcastClient) acknowledge() {
	bc.mutex.Lock()
	l := bc.link
	if l == nil || !l.handed {
		bc.mutex.Unlock()
		return
	}
	l.handed = false
	first := !l.fruitful
	l.fruitful = true
	bc.history.Progress()
	bc.silent.Block(l.blockAge)
	bc.mute = nil
	if l.ahead != nil {
		l.ahead.settle()
	}
	bc.mutex.Unlock()
	if first {
		bc.praise(l)
	}
}

// patience is how long the next message may take before its stream is taken for
// one that only looks alive.
func (bc *broadcastClient) patience() time.Duration {
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	return bc.silence(bc.silent.Level())
}

// distrust notes that a stream has been silent. That may be the orderer's fault
// or only a quiet channel's; asking another orderer settles it. What is held
// against an endpoint is forgotten sooner than a silence is noticed, so it is
// renewed for all that were silent: they are asked in turn.
func (bc *broadcastClient) distrust(l *link) {
	bc.mutex.Lock()
	bc.silent.Renewed()
	var mute []string
	for _, endpoint := range bc.mute {
		if endpoint != l.endpoint {
			mute = append(mute, endpoint)
		}
	}
	mute = append(mute, l.endpoint)
	bc.mute = mute
	bc.mutex.Unlock()
	logger.Infof("[%s] Nothing from orderer %s for a while, renewing the stream", bc.channelID, l.endpoint)
	p, ok := bc.prod.(judgingProducer)
	if !ok {
		return
	}
	for _, endpoint := range mute {
		p.Demote(endpoint)
	}
}

// praise tells the producer that an endpoint delivers.
func (bc *broadcastClient) praise(l *link) {
	if p, ok := bc.prod.(judgingProducer); ok {
		p.Promote(l.endpoint)
	}
}

// blame tells the producer that an endpoint could be reached but was of no use.
func (bc *broadcastClient) blame(l *link) {
	if p, ok := bc.prod.(judgingProducer); ok {
		p.Demote(l.endpoint)
	}
}

// inherit makes a client that has not been used yet go on with what another one,
// now closed, has learnt about the endpoints. Whatever ended the other one, the
// endpoint it happened at is dialled last.
func (bc *broadcastClient) inherit(ended *broadcastClient) {
	if ended.prod == nil {
		return
	}
	bc.prod = ended.prod
	ended.mutex.Lock()
	last := ended.link
	ended.mutex.Unlock()
	if last != nil {
		bc.blame(last)
	}
}

// nextUpdate returns a channel that will be closed when the endpoints change.
func (bc *broadcastClient) nextUpdate() <-chan struct{} {
	bc.mutex.Lock()
	defer bc.mutex.Unlock()
	return bc.updated
}

// wait returns when every goroutine and connection of a closed client is gone.
func (bc *broadcastClient) wait() { bc.tasks.Wait() }
