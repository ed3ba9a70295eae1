// SPDX-License-Identifier: Apache-2.0

package blockstore

import (
	"encoding/binary"
	"errors"
	"fmt"

	cb "github.com/hyperledger/fabric/protos/common"
)

const (
	blockPrefix  byte = 'b'
	headerPrefix byte = 'h'

	keySize       = 1 + 8
	recordVersion = 1
	flagConfig    = 1
)

// key names the record of one kind for one block.
func key(prefix byte, number uint64) []byte {
	k := make([]byte, keySize)
	k[0] = prefix
	binary.BigEndian.PutUint64(k[1:], number)
	return k
}

// keyNumber is the inverse of key; false for a key that this package did not
// write.
func keyNumber(prefix byte, k []byte) (uint64, bool) {
	if len(k) != keySize || k[0] != prefix {
		return 0, false
	}
	return binary.BigEndian.Uint64(k[1:]), true
}

// record is what the store remembers of a block besides its bytes.
type record struct {
	header *cb.BlockHeader
	size   uint64 // of the block's bytes
	config bool   // the block is a config block
	// lastConfig is the newest config block up to and including this one;
	// meaningless unless hasConfig.
	lastConfig uint64
	hasConfig  bool
	channel    string // in record 0 only
}

// encode writes the record. The number is the key's, and is not repeated.
func (r *record) encode() []byte {
	out := make([]byte, 0, 2+3*binary.MaxVarintLen64+len(r.header.PreviousHash)+len(r.header.DataHash)+len(r.channel)+3)
	var flags byte
	if r.config {
		flags |= flagConfig
	}
	out = append(out, recordVersion, flags)
	out = binary.AppendUvarint(out, r.size)
	// Shifted by one so that 0 says "none": MaxUint64 cannot be a config block,
	// as it cannot be a block.
	last := uint64(0)
	if r.hasConfig {
		last = r.lastConfig + 1
	}
	out = binary.AppendUvarint(out, last)
	out = appendBytes(out, r.header.PreviousHash)
	out = appendBytes(out, r.header.DataHash)
	return appendBytes(out, []byte(r.channel))
}

func appendBytes(out, b []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(b)))
	return append(out, b...)
}

var errShortRecord = errors.New("record ends too early")

// decodeRecord reads what encode wrote for block number.
func decodeRecord(number uint64, raw []byte) (*record, error) {
	if len(raw) < 2 {
		return nil, errShortRecord
	}
	if raw[0] != recordVersion {
		return nil, fmt.Errorf("record has version %d, this program knows %d", raw[0], recordVersion)
	}
	d := &decoder{rest: raw[2:]}
	r := &record{config: raw[1]&flagConfig != 0}
	r.size = d.uvarint()
	last := d.uvarint()
	r.header = &cb.BlockHeader{Number: number, PreviousHash: d.bytes(), DataHash: d.bytes()}
	r.channel = string(d.bytes())
	if d.err != nil {
		return nil, d.err
	}
	if len(d.rest) > 0 {
		return nil, fmt.Errorf("record has %d bytes too many", len(d.rest))
	}
	if last > 0 {
		r.lastConfig, r.hasConfig = last-1, true
	}
	return r, nil
}

// decoder reads fields until the first error, which it keeps.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) uvarint() uint64 {
	if d.err != nil {
		return 0
	}
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.err = errShortRecord
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// bytes returns a copy, nil when the field is empty.
func (d *decoder) bytes() []byte {
	n := d.uvarint()
	if d.err != nil || n == 0 {
		return nil
	}
	if n > uint64(len(d.rest)) {
		d.err = errShortRecord
		return nil
	}
	b := append([]byte(nil), d.rest[:n]...)
	d.rest = d.rest[n:]
	return b
}
