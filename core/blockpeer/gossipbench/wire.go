// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net"
	"sync"
	"sync/atomic"
)

// wire counts what goes over the sockets of all nodes. Both ends of every
// connection are in this process, so what the accepting end reads and writes is
// everything, once.
type wire struct {
	bytes atomic.Int64 // both ways
	open  atomic.Int64 // connections that are open now
	total atomic.Int64 // connections that ever were
}

// listen opens a listener on a free loopback port whose connections count.
func (w *wire) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &listener{l, w}, nil
}

type listener struct {
	net.Listener
	wire *wire
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.wire.open.Add(1)
	l.wire.total.Add(1)
	return &connection{Conn: c, wire: l.wire}, nil
}

type connection struct {
	net.Conn
	wire   *wire
	closed sync.Once
}

func (c *connection) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.wire.bytes.Add(int64(n))
	return n, err
}

func (c *connection) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.wire.bytes.Add(int64(n))
	return n, err
}

func (c *connection) Close() error {
	c.closed.Do(func() { c.wire.open.Add(-1) })
	return c.Conn.Close()
}
