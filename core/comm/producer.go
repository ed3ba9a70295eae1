// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"context"
	crand "crypto/rand"
	"encoding/binary"
	"fmt"
	"math/rand"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/pkg/errors"
	"google.golang.org/grpc"
)

var logger = flogging.MustGetLogger("ConnProducer")

// EndpointDisableInterval says how long DisableEndpoint keeps an endpoint from
// being dialled. It is read each time a connection is asked for, so a change
// also applies to endpoints that are disabled already. Zero or less turns the
// exclusion off.
var EndpointDisableInterval = 10 * time.Second

const (
	// dialStagger is the head start of each dial over the next one: long enough
	// for a TLS handshake across continents, short enough that a black-holed
	// endpoint is hardly noticed.
	dialStagger = 250 * time.Millisecond

	// demotionPeriod is how long a demoted endpoint stays behind the others.
	demotionPeriod = time.Minute

	// failureMemory is how long a failed dial keeps an endpoint behind those
	// that are not known to fail.
	failureMemory = 30 * time.Second

	// revivalOdds: one round in so many treats an endpoint with a failed dial
	// like any other, so that a revived one is soon found again.
	revivalOdds = 8
)

// ConnectionFactory dials one endpoint and returns an established connection or
// the reason why there is none. It may block. A producer calls it for the next
// endpoint only when the call before has returned or has been pending for a
// while, so a factory that returns quickly is never called concurrently.
type ConnectionFactory func(endpoint string) (*grpc.ClientConn, error)

// ConnectionProducer connects to one of several endpoints that all offer the
// same service. All methods may be called from any goroutine; only
// NewConnection blocks.
type ConnectionProducer interface {
	// NewConnection dials the endpoints until one answers and returns the
	// connection, which the caller has to close, with the endpoint it leads to.
	// The error names all endpoints that were tried and why each failed.
	NewConnection() (*grpc.ClientConn, string, error)
	// UpdateEndpoints replaces the endpoints. An empty list is ignored. Dials to
	// endpoints that are no longer listed are given up.
	UpdateEndpoints(endpoints []string)
	// DisableEndpoint excludes an endpoint for EndpointDisableInterval, unless
	// it is unknown or no other endpoint would be left.
	DisableEndpoint(endpoint string)
	// GetEndpoints returns a copy of the current list.
	GetEndpoints() []string
}

// NewConnectionProducer returns a producer for the endpoints, or nil if there
// are none. It does not dial. The producer has three further methods, to be
// found by interface assertion: NewConnectionContext, Demote and Promote.
func NewConnectionProducer(factory ConnectionFactory, endpoints []string) ConnectionProducer {
	if len(endpoints) == 0 {
		return nil
	}
	p := &connProducer{
		factory: factory,
		turn:    make(chan struct{}, 1),
		dice:    rand.New(rand.NewSource(diceSeed())),
		changed: make(chan struct{}),
	}
	p.book.replace(endpoints)
	return p
}

// diceSeed differs between processes and between the producers of one process,
// so that peers started together do not all choose the same endpoint.
func diceSeed() int64 {
	var seed [8]byte
	if _, err := crand.Read(seed[:]); err != nil {
		return time.Now().UnixNano()
	}
	return int64(binary.LittleEndian.Uint64(seed[:]))
}

// connProducer is the shell round an endpointBook: it owns the lock, the clock
// and the random source, and runs at most one dialRound at a time.
type connProducer struct {
	factory ConnectionFactory // immutable
	turn    chan struct{}     // holds a token while a round is running

	mutex   sync.Mutex // guards the fields below; never held while dialling
	book    endpointBook
	dice    *rand.Rand
	changed chan struct{} // closed, and replaced, when the endpoints change
}

// NewConnection is NewConnectionContext without a way to end it.
func (p *connProducer) NewConnection() (*grpc.ClientConn, string, error) {
	return p.NewConnectionContext(context.Background())
}

// NewConnectionContext returns as soon as ctx ends, even if the factory is
// still busy; a connection that the factory delivers after that is closed. The
// cause of such an error is ctx's.
func (p *connProducer) NewConnectionContext(ctx context.Context) (*grpc.ClientConn, string, error) {
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, "", errors.Wrap(ctx.Err(), "gave up before dialling any endpoint")
	}
	defer func() { <-p.turn }()
	r := &dialRound{
		producer: p,
		pending:  make(map[string]*dialAttempt),
		answers:  make(chan dialAnswer),
	}
	defer r.finish()
	return r.run(ctx)
}

// UpdateEndpoints never waits for a dial.
func (p *connProducer) UpdateEndpoints(endpoints []string) {
	if len(endpoints) == 0 {
		return
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.book.replace(endpoints)
	close(p.changed)
	p.changed = make(chan struct{})
}

// DisableEndpoint never waits for a dial and does not end one that is running.
func (p *connProducer) DisableEndpoint(endpoint string) {
	p.mutex.Lock()
	known := p.book.has(endpoint)
	done := p.book.quarantine(endpoint, time.Now(), EndpointDisableInterval)
	p.mutex.Unlock()
	if known && !done {
		logger.Warningf("Endpoint %s is not disabled, since only one endpoint is left in use", endpoint)
	}
}

// Demote reports that an endpoint accepted a connection but was of no use: it
// is dialled after all others for a minute, but never excluded.
func (p *connProducer) Demote(endpoint string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.book.demote(endpoint, time.Now())
}

// Promote reports that an endpoint served what was wanted: its failures are
// forgotten, and it is dialled before all others until it fails.
func (p *connProducer) Promote(endpoint string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.book.promote(endpoint)
}

func (p *connProducer) GetEndpoints() []string {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return append([]string(nil), p.book.listed...)
}

// candidates returns the endpoints in the order to dial them, and a channel
// that closes when that answer is out of date.
func (p *connProducer) candidates() ([]string, <-chan struct{}) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.book.candidates(time.Now(), EndpointDisableInterval, p.dice), p.changed
}

// isListed says whether the endpoint is among the current ones.
func (p *connProducer) isListed(endpoint string) bool {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.book.has(endpoint)
}

// dial calls the factory and enters the outcome into the book, also when
// nobody waits for it any more: that is how a black-holed endpoint, whose dial
// outlasts the round, gets known as failing.
func (p *connProducer) dial(endpoint string) (*grpc.ClientConn, error) {
	conn, err := p.factory(endpoint)
	if err == nil && conn == nil {
		err = errors.New("the connection factory returned neither a connection nor an error")
	}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if err != nil {
		p.book.dialFailed(endpoint, time.Now())
	} else {
		p.book.dialSucceeded(endpoint)
	}
	return conn, err
}

// dialRound is one search for a connection. It belongs to the goroutine that
// called NewConnection; each factory call runs on a goroutine of its own, which
// ends with that call, however late, and hands over or closes its connection.
type dialRound struct {
	producer *connProducer
	queue    []string                // to be dialled, best first
	pending  map[string]*dialAttempt // by endpoint; listed endpoints only
	failures []dialFailure           // in the order they happened
	answers  chan dialAnswer         // unbuffered: an answer is taken or abandoned, never lost
	changed  <-chan struct{}
	stagger  *time.Timer // the head start of the latest dial
}

type dialAttempt struct {
	endpoint  string
	abandoned chan struct{}
}

type dialAnswer struct {
	attempt *dialAttempt
	conn    *grpc.ClientConn
	err     error
}

type dialFailure struct {
	endpoint string
	err      error
}

// run dials the next endpoint whenever the stagger has passed or a dial has
// failed, until one answers, none is left, or ctx ends.
func (r *dialRound) run(ctx context.Context) (*grpc.ClientConn, string, error) {
	r.reload()
	due := true // the next dial need not wait; stays so while there is none
	for {
		if err := ctx.Err(); err != nil {
			return nil, "", errors.Wrapf(err, "gave up connecting%s", r.causes(" after failures of "))
		}
		if r.isOutdated() {
			r.reload()
		}
		if due || len(r.pending) == 0 {
			due = !r.dialNext()
		}
		if len(r.pending) == 0 {
			return nil, "", r.exhausted()
		}
		select {
		case answer := <-r.answers:
			won, failed := r.settle(answer)
			if won {
				return answer.conn, answer.attempt.endpoint, nil
			}
			due = due || failed
		case <-r.stagger.C:
			due = true
		case <-r.changed:
		case <-ctx.Done():
		}
	}
}

func (r *dialRound) isOutdated() bool {
	select {
	case <-r.changed:
		return true
	default:
		return false
	}
}

// reload takes over the producer's current endpoints: dials to endpoints that
// left the list are abandoned, those to others continue, and the queue becomes
// the endpoints that this round has not dialled yet.
func (r *dialRound) reload() {
	candidates, changed := r.producer.candidates()
	r.changed = changed
	listed := make(map[string]bool)
	for _, endpoint := range r.producer.GetEndpoints() {
		listed[endpoint] = true
	}
	for endpoint, attempt := range r.pending {
		if !listed[endpoint] {
			close(attempt.abandoned)
			delete(r.pending, endpoint)
		}
	}
	r.queue = r.queue[:0]
	for _, endpoint := range candidates {
		if r.pending[endpoint] == nil && !r.hasFailed(endpoint) {
			r.queue = append(r.queue, endpoint)
		}
	}
}

func (r *dialRound) hasFailed(endpoint string) bool {
	for _, failure := range r.failures {
		if failure.endpoint == endpoint {
			return true
		}
	}
	return false
}

// dialNext calls the factory for the first endpoint in the queue and gives it
// its head start; it returns false if the queue is empty. Each head start has a
// timer of its own: resetting one would need different care under the timers of
// Go 1.10 and of Go 1.23.
func (r *dialRound) dialNext() bool {
	if len(r.queue) == 0 {
		return false
	}
	r.stopStagger()
	r.stagger = time.NewTimer(dialStagger)
	attempt := &dialAttempt{endpoint: r.queue[0], abandoned: make(chan struct{})}
	r.queue = r.queue[1:]
	r.pending[attempt.endpoint] = attempt
	go r.producer.answer(attempt, r.answers)
	return true
}

// answer dials and hands the outcome to the round, or closes the connection if
// the round has abandoned the attempt.
func (p *connProducer) answer(attempt *dialAttempt, answers chan<- dialAnswer) {
	conn, err := p.dial(attempt.endpoint)
	select {
	case answers <- dialAnswer{attempt: attempt, conn: conn, err: err}:
	case <-attempt.abandoned:
		if err == nil {
			discardConn(conn)
		}
	}
}

// settle handles the answer to a dial: it ends the round, or it is a reason to
// dial the next endpoint, or neither because nobody wants it any more. The
// latter happens when an answer and an update of the endpoints meet.
func (r *dialRound) settle(answer dialAnswer) (won, failed bool) {
	endpoint := answer.attempt.endpoint
	wanted := r.pending[endpoint] == answer.attempt && r.producer.isListed(endpoint)
	if r.pending[endpoint] == answer.attempt {
		delete(r.pending, endpoint)
	}
	switch {
	case wanted && answer.err == nil:
		if len(r.failures) > 0 {
			logger.Warningf("Connected to %s%s", endpoint, r.causes(" after failures of "))
		}
		return true, false
	case wanted:
		r.failures = append(r.failures, dialFailure{endpoint: endpoint, err: answer.err})
		return false, true
	case answer.err == nil:
		discardConn(answer.conn)
	}
	return false, false
}

// finish leaves the pending dials to themselves.
func (r *dialRound) finish() {
	r.stopStagger()
	for _, attempt := range r.pending {
		close(attempt.abandoned)
	}
}

func (r *dialRound) stopStagger() {
	if r.stagger != nil {
		r.stagger.Stop()
	}
}

func (r *dialRound) exhausted() error {
	tried := make([]string, 0, len(r.failures))
	for _, failure := range r.failures {
		tried = append(tried, failure.endpoint)
	}
	return errors.Errorf("Could not connect to any of the endpoints: %v%s", tried, r.causes("; "))
}

// causes lists the failures after the given lead, or is empty without failures.
func (r *dialRound) causes(lead string) string {
	if len(r.failures) == 0 {
		return ""
	}
	texts := make([]string, 0, len(r.failures))
	for _, failure := range r.failures {
		texts = append(texts, fmt.Sprintf("%s (%s)", failure.endpoint, failure.err))
	}
	return lead + strings.Join(texts, ", ")
}

// discardConn closes a connection that came too late to be used. A factory
// may have made it without dialling (a zero ClientConn has no state at all, and
// its Close panics); such a thing holds nothing that could be released.
func discardConn(conn *grpc.ClientConn) {
	defer func() {
		if reason := recover(); reason != nil {
			logger.Debugf("Dropped a connection that was never set up: %v", reason)
		}
	}()
	if err := conn.Close(); err != nil {
		logger.Debugf("Closing a connection that came too late: %s", err)
	}
}

// endpointBook knows the endpoints and what is remembered of each. It decides
// who may be dialled and in which order, from its arguments alone: it has no
// clock, no randomness and no lock of its own.
type endpointBook struct {
	listed    []string                   // as given, in order, duplicates included; never empty
	records   map[string]*endpointRecord // one for each distinct listed endpoint
	preferred string                     // the endpoint that served last, "" if none did or it failed since
}

// endpointRecord is one endpoint's past. A zero time means never.
type endpointRecord struct {
	quarantined time.Time // last DisableEndpoint
	demoted     time.Time // last Demote
	failed      time.Time // last failed dial, unless one succeeded since
}

// endpointDice is the randomness the book needs; *rand.Rand has it.
type endpointDice interface {
	Perm(n int) []int
	Intn(n int) int
}

// Where a candidate stands; lower is dialled earlier.
const (
	rankPreferred = iota
	rankNormal
	rankFailing
	rankDemoted
)

// replace changes the list; endpoints that stay keep their past.
func (b *endpointBook) replace(endpoints []string) {
	records := make(map[string]*endpointRecord, len(endpoints))
	for _, endpoint := range endpoints {
		if records[endpoint] = b.records[endpoint]; records[endpoint] == nil {
			records[endpoint] = &endpointRecord{}
		}
	}
	b.listed = append([]string(nil), endpoints...)
	b.records = records
	if !b.has(b.preferred) {
		b.preferred = ""
	}
}

func (b *endpointBook) has(endpoint string) bool {
	return b.records[endpoint] != nil
}

// quarantine excludes the endpoint for interval and returns true, or changes
// nothing and returns false: if the endpoint is unknown, or if only one is in
// use, because an endpoint in doubt is better than none.
func (b *endpointBook) quarantine(endpoint string, now time.Time, interval time.Duration) bool {
	inUse := 0
	for _, record := range b.records {
		if !record.isQuarantined(now, interval) {
			inUse++
		}
	}
	if !b.has(endpoint) || inUse == 1 {
		return false
	}
	b.records[endpoint].quarantined = now
	b.disprefer(endpoint)
	return true
}

func (b *endpointBook) demote(endpoint string, now time.Time) {
	if b.has(endpoint) {
		b.records[endpoint].demoted = now
		b.disprefer(endpoint)
	}
}

// promote forgets the endpoint's failures, but not its quarantine: that was
// asked for explicitly and ends by itself.
func (b *endpointBook) promote(endpoint string) {
	if b.has(endpoint) {
		b.records[endpoint].demoted = time.Time{}
		b.records[endpoint].failed = time.Time{}
		b.preferred = endpoint
	}
}

func (b *endpointBook) dialFailed(endpoint string, now time.Time) {
	if b.has(endpoint) {
		b.records[endpoint].failed = now
		b.disprefer(endpoint)
	}
}

func (b *endpointBook) dialSucceeded(endpoint string) {
	if b.has(endpoint) {
		b.records[endpoint].failed = time.Time{}
	}
}

func (b *endpointBook) disprefer(endpoint string) {
	if b.preferred == endpoint {
		b.preferred = ""
	}
}

// candidates returns each distinct endpoint outside quarantine once, in the
// order to dial them: the preferred one, then those with nothing against them,
// in random order, then those that could not be reached lately, then the
// demoted ones, the longest demoted first. If all endpoints are in quarantine
// it is ignored.
func (b *endpointBook) candidates(now time.Time, interval time.Duration, dice endpointDice) []string {
	names := b.eligible(now, interval)
	ranks := make(map[string]int, len(names))
	shuffled := make([]string, 0, len(names))
	for _, i := range dice.Perm(len(names)) {
		shuffled = append(shuffled, names[i])
		ranks[names[i]] = b.rank(names[i], now, dice)
	}
	sort.SliceStable(shuffled, func(i, j int) bool {
		x, y := shuffled[i], shuffled[j]
		if ranks[x] == rankDemoted && ranks[y] == rankDemoted {
			return b.records[x].demoted.Before(b.records[y].demoted)
		}
		return ranks[x] < ranks[y]
	})
	return shuffled
}

// eligible returns the distinct endpoints outside quarantine, or all of them if
// that would be none, in listed order.
func (b *endpointBook) eligible(now time.Time, interval time.Duration) []string {
	var all, free []string
	seen := make(map[string]bool, len(b.records))
	for _, endpoint := range b.listed {
		if seen[endpoint] {
			continue
		}
		seen[endpoint] = true
		all = append(all, endpoint)
		if !b.records[endpoint].isQuarantined(now, interval) {
			free = append(free, endpoint)
		}
	}
	if len(free) == 0 {
		return all
	}
	return free
}

func (b *endpointBook) rank(endpoint string, now time.Time, dice endpointDice) int {
	record := b.records[endpoint]
	switch {
	case happenedWithin(record.demoted, now, demotionPeriod):
		return rankDemoted
	case happenedWithin(record.failed, now, failureMemory) && dice.Intn(revivalOdds) > 0:
		return rankFailing
	case endpoint == b.preferred:
		return rankPreferred
	}
	return rankNormal
}

func (r *endpointRecord) isQuarantined(now time.Time, interval time.Duration) bool {
	return happenedWithin(r.quarantined, now, interval)
}

// happenedWithin says whether the event is younger than the period.
func happenedWithin(event, now time.Time, period time.Duration) bool {
	return !event.IsZero() && now.Sub(event) < period
}
