// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"crypto/sha256"
	"math/bits"

	cb "github.com/hyperledger/fabric/protos/common"
)

// Tags of the three ASN.1 types that a block header is made of.
const (
	derInteger     = 0x02
	derOctetString = 0x04
	derSequence    = 0x30
)

// BlockHeaderBytes is the DER encoding of a block header, which is what its
// hash and the orderers' signatures are taken over:
//
//	SEQUENCE { INTEGER number, OCTET STRING previous_hash, OCTET STRING data_hash }
//
// Numbers beyond 63 bits, on which v1.3.0 panics, are encoded like any other
// positive integer. A nil header encodes as the zero header.
func BlockHeaderBytes(header *cb.BlockHeader) []byte {
	number := derUint(header.GetNumber())
	previous, data := header.GetPreviousHash(), header.GetDataHash()
	size := derSize(len(number)) + derSize(len(previous)) + derSize(len(data))
	out := make([]byte, 0, derSize(size))
	out = appendDERHead(out, derSequence, size)
	out = append(appendDERHead(out, derInteger, len(number)), number...)
	out = append(appendDERHead(out, derOctetString, len(previous)), previous...)
	return append(appendDERHead(out, derOctetString, len(data)), data...)
}

// BlockHeaderHash is the SHA-256 of BlockHeaderBytes: the previous hash of the
// next block.
func BlockHeaderHash(header *cb.BlockHeader) []byte {
	digest := sha256.Sum256(BlockHeaderBytes(header))
	return digest[:]
}

// BlockDataHash is the SHA-256 over all data entries one after another. It
// does not cover where one entry ends and the next begins: see
// CheckTransactionBoundaries.
func BlockDataHash(data *cb.BlockData) []byte {
	hash := sha256.New()
	for _, entry := range data.GetData() {
		hash.Write(entry)
	}
	return hash.Sum(nil)
}

// derUint is the content of a DER INTEGER: big endian, as short as it can be
// while its first bit says that it is not negative.
func derUint(n uint64) []byte {
	length := bits.Len64(n)/8 + 1
	content := make([]byte, length)
	for i := length - 1; i >= 0; i-- {
		content[i] = byte(n)
		n >>= 8
	}
	return content
}

// derSize is how many bytes a DER value with that many bytes of content takes.
func derSize(content int) int {
	size := 2 + content
	if content >= 0x80 {
		size += (bits.Len(uint(content)) + 7) / 8
	}
	return size
}

// appendDERHead appends a tag and a definite length.
func appendDERHead(out []byte, tag byte, content int) []byte {
	if content < 0x80 {
		return append(out, tag, byte(content))
	}
	octets := (bits.Len(uint(content)) + 7) / 8
	out = append(out, tag, 0x80|byte(octets))
	for shift := uint(octets-1) * 8; ; shift -= 8 {
		out = append(out, byte(content>>shift))
		if shift == 0 {
			return out
		}
	}
}
