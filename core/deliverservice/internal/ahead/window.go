// SPDX-License-Identifier: Apache-2.0

// Package ahead decides how far a stream of blocks may be read before the
// blocks are wanted, and which of them may be verified early. It is a plain
// value without goroutine or lock; package deliverclient drives it.
package ahead

// Limits bounds what is read and not yet taken.
type Limits struct {
	// Messages is the number of messages that may wait.
	Messages int
	// Bytes is the total size from which on nothing more is read. One message
	// may go beyond it, since its size is known only afterwards.
	Bytes int
}

// Window is the account of one stream. Messages are added in the order of
// reading and taken in the same order.
type Window struct {
	limits Limits
	// waiting is the number, bytes the size of messages added and not taken.
	waiting, bytes int
	// barriers counts the config blocks that were added and not yet settled.
	barriers int
}

// NewWindow returns an empty window. Limits below one count as one.
func NewWindow(limits Limits) Window {
	if limits.Messages < 1 {
		limits.Messages = 1
	}
	if limits.Bytes < 1 {
		limits.Bytes = 1
	}
	return Window{limits: limits}
}

// Full says that nothing may be read until something is taken.
func (w *Window) Full() bool {
	return w.waiting >= w.limits.Messages || w.bytes >= w.limits.Bytes
}

// Add records a message that was read, and says whether it may be verified
// before it is taken. That is not so behind a config block: the rules that the
// message has to follow are known only once that block has been passed on.
func (w *Window) Add(size int, config bool) (early bool) {
	w.waiting++
	w.bytes += size
	early = w.barriers == 0
	if config {
		w.barriers++
	}
	return early
}

// Take records that the oldest message, of the given size, was taken.
func (w *Window) Take(size int) {
	w.waiting--
	w.bytes -= size
}

// Settle records that a config block that was taken has been passed on.
func (w *Window) Settle() {
	w.barriers--
}
