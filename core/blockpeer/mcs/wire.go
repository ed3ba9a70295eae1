// SPDX-License-Identifier: Apache-2.0

package mcs

import (
	"github.com/pkg/errors"
	"google.golang.org/protobuf/encoding/protowire"
)

// Field numbers of the messages on the way from a block's metadata to its
// signers. They are walked by hand so that nothing is copied before it is known
// how much there is.
const (
	metadataValue      protowire.Number = 1
	metadataSignatures protowire.Number = 2

	signatureSignatureHeader protowire.Number = 1
	signatureSignature       protowire.Number = 2

	signatureHeaderCreator protowire.Number = 1
)

// eachBytes calls visit, in order, for the length-delimited fields of an encoded
// message, skipping all others. What visit gets points into raw.
func eachBytes(raw []byte, visit func(number protowire.Number, content []byte) error) error {
	for len(raw) > 0 {
		number, kind, n := protowire.ConsumeTag(raw)
		if n < 0 {
			return protowire.ParseError(n)
		}
		raw = raw[n:]
		if kind != protowire.BytesType {
			if n = protowire.ConsumeFieldValue(number, kind, raw); n < 0 {
				return protowire.ParseError(n)
			}
			raw = raw[n:]
			continue
		}
		content, n := protowire.ConsumeBytes(raw)
		if n < 0 {
			return protowire.ParseError(n)
		}
		if err := visit(number, content); err != nil {
			return err
		}
		raw = raw[n:]
	}
	return nil
}

// lastBytes returns the content of a singular field; as everywhere in protobuf
// the last occurrence counts. It is nil if there is none.
func lastBytes(raw []byte, wanted protowire.Number) ([]byte, error) {
	var found []byte
	err := eachBytes(raw, func(number protowire.Number, content []byte) error {
		if number == wanted {
			found = content
		}
		return nil
	})
	return found, err
}

// blockSignature is one entry of the SIGNATURES metadata.
type blockSignature struct {
	header    []byte // as transmitted, because that is what was signed
	creator   []byte
	signature []byte
}

// signaturesOf decodes the SIGNATURES metadata of a block: the value that is
// signed along with the header, and who signed. It gives up when there are more
// than limit signatures.
func signaturesOf(metadata []byte, limit int) (value []byte, list []blockSignature, err error) {
	err = eachBytes(metadata, func(number protowire.Number, content []byte) error {
		switch number {
		case metadataValue:
			value = content
		case metadataSignatures:
			if len(list) == limit {
				return errors.Errorf("it holds more than %d signatures", limit)
			}
			s, err := signatureOf(content)
			if err != nil {
				return errors.WithMessagef(err, "signature %d", len(list))
			}
			list = append(list, s)
		}
		return nil
	})
	return value, list, err
}

func signatureOf(raw []byte) (s blockSignature, err error) {
	err = eachBytes(raw, func(number protowire.Number, content []byte) error {
		switch number {
		case signatureSignatureHeader:
			s.header = content
		case signatureSignature:
			s.signature = content
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	s.creator, err = lastBytes(s.header, signatureHeaderCreator)
	return s, errors.WithMessage(err, "malformed signature header")
}
