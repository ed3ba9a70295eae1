// SPDX-License-Identifier: Apache-2.0

package blockledger

import (
	cb "github.com/hyperledger/fabric/protos/common"
)

// always is closed for good: whoever waits for it need not wait.
var always = func() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}()

// NotFoundErrorIterator is the iterator for a position outside the chain. It
// holds nothing and may be shared.
type NotFoundErrorIterator struct{}

// Next answers NOT_FOUND, at once and every time.
func (nf *NotFoundErrorIterator) Next() (*cb.Block, cb.Status) {
	return nil, cb.Status_NOT_FOUND
}

// ReadyChan returns a closed channel, as Next never waits.
func (nf *NotFoundErrorIterator) ReadyChan() <-chan struct{} {
	return always
}

// Close does nothing.
func (nf *NotFoundErrorIterator) Close() {}
