// SPDX-License-Identifier: Apache-2.0

package faults

import (
	"context"
	"net"
	"sync"
	"time"
)

// linePace is how long bytes take from one end of a line to the other.
const linePace = 5 * time.Millisecond

// line is a network connection. Each end is a net.Pipe, and between the two a
// pair of carriers takes the bytes across, after the line's delay. At the ends
// it behaves as TCP does: what was written before a close still arrives, and
// nothing at all arrives on a frozen line, the close included.
type line struct {
	client, server      net.Conn // the ends that others hold
	clientSide, farSide net.Conn // the other ends of these pipes
	carriers            sync.WaitGroup
	severed, icy        chan struct{} // closed by sever and freeze

	mutex  sync.Mutex // guards the fields below
	pace   time.Duration
	cut    bool
	frozen bool
}

type parcel struct {
	data []byte
	due  time.Time
}

func newLine() *line {
	l := &line{pace: linePace, severed: make(chan struct{}), icy: make(chan struct{})}
	l.client, l.clientSide = net.Pipe()
	l.server, l.farSide = net.Pipe()
	l.carry(l.clientSide, l.farSide)
	l.carry(l.farSide, l.clientSide)
	return l
}

// carry takes what arrives at one side to the other.
func (l *line) carry(from, to net.Conn) {
	underway := make(chan parcel, 64)
	l.carriers.Go(func() {
		defer close(underway)
		buffer := make([]byte, 16<<10)
		for {
			n, err := from.Read(buffer)
			if n > 0 {
				p := parcel{data: append([]byte(nil), buffer[:n]...), due: time.Now().Add(l.delay())}
				select {
				case underway <- p:
				case <-l.severed:
					return
				}
			}
			if err != nil {
				return
			}
		}
	})
	l.carriers.Go(func() {
		for p := range underway {
			if !l.travel(p.due) {
				continue // lost
			}
			to.Write(p.data) // an error means that nobody reads any more
		}
		select {
		case <-l.icy: // the close is lost as well, until the line is severed
		default:
			to.Close()
		}
	})
}

// travel waits for the arrival of a parcel; false means that it got lost.
func (l *line) travel(due time.Time) bool {
	timer := time.NewTimer(time.Until(due))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.severed:
	}
	select {
	case <-l.severed:
		return false
	case <-l.icy:
		return false
	default:
		return true
	}
}

func (l *line) delay() time.Duration {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.pace
}

// slow makes everything that is sent from now on take longer.
func (l *line) slow(pace time.Duration) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.pace = pace
}

// freeze loses everything from now on; neither end notices.
func (l *line) freeze() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.frozen {
		l.frozen = true
		close(l.icy)
	}
}

// sever breaks the line at once, for both ends.
func (l *line) sever() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !l.cut {
		l.cut = true
		close(l.severed)
		l.clientSide.Close()
		l.farSide.Close()
	}
}

// doorstep is where an orderer accepts lines; a net.Listener.
type doorstep struct {
	knocks chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newDoorstep() *doorstep {
	return &doorstep{knocks: make(chan net.Conn), closed: make(chan struct{})}
}

func (d *doorstep) Accept() (net.Conn, error) {
	select {
	case conn := <-d.knocks:
		return conn, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

func (d *doorstep) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

func (d *doorstep) Addr() net.Addr { return doorstepAddress{} }

type doorstepAddress struct{}

func (doorstepAddress) Network() string { return "line" }
func (doorstepAddress) String() string  { return "doorstep" }

// pass waits in virtual time, for as long as ctx allows.
func pass(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
