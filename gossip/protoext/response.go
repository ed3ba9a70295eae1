// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// Field numbers of orderer.DeliverResponse, of which one is set.
const (
	responseStatusField = 1
	responseBlockField  = 2
)

// UnmarshalDeliverResponse decodes a marshaled orderer.DeliverResponse without
// copying, and returns with it the bytes that its block arrived in: nil where
// it holds a status or nothing. Everything points into raw, which must not
// change afterwards. Unknown fields are skipped; where status and block both
// occur the last one counts, as protobuf has it; but a second block is refused
// instead of being merged into the first.
func UnmarshalDeliverResponse(raw []byte) (response *ab.DeliverResponse, block []byte, err error) {
	response = &ab.DeliverResponse{}
	blocks := 0
	err = eachField(raw, func(f wireField) error {
		switch f.number {
		case responseStatusField:
			status, err := f.uint("status")
			response.Type, block = &ab.DeliverResponse_Status{Status: cb.Status(int32(status))}, nil
			return err
		case responseBlockField:
			if blocks++; blocks > 1 {
				return errors.New("a second block")
			}
			if block, err = f.bytes("block"); err != nil {
				return err
			}
			decoded, err := UnmarshalBlock(block)
			response.Type = &ab.DeliverResponse_Block{Block: decoded}
			return err
		}
		return nil
	})
	if err != nil {
		return nil, nil, errors.WithMessage(err, "malformed response from orderer")
	}
	return response, block, nil
}
