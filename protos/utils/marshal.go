// SPDX-License-Identifier: Apache-2.0

package utils

import (
	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/peer"
)

// Marshal encodes a message.
func Marshal(pb proto.Message) ([]byte, error) { return proto.Marshal(pb) }

// MarshalOrPanic encodes a message that this process made and that therefore
// always encodes.
func MarshalOrPanic(pb proto.Message) []byte {
	data, err := proto.Marshal(pb)
	if err != nil {
		panic(err)
	}
	return data
}

// decode parses data into message and names what was expected when it fails.
func decode(data []byte, message proto.Message, what string) error {
	return errors.Wrapf(proto.Unmarshal(data, message), "cannot decode %s", what)
}

// must is for bytes that this process encoded.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// UnmarshalPayload decodes an envelope's payload.
func UnmarshalPayload(encoded []byte) (*cb.Payload, error) {
	payload := &cb.Payload{}
	return payload, decode(encoded, payload, "Payload")
}

// UnmarshalPayloadOrPanic is UnmarshalPayload for bytes known to be good.
func UnmarshalPayloadOrPanic(encoded []byte) *cb.Payload {
	payload, err := UnmarshalPayload(encoded)
	must(err)
	return payload
}

// GetPayload decodes the payload of an envelope.
func GetPayload(e *cb.Envelope) (*cb.Payload, error) {
	if e == nil {
		return nil, errors.New("no envelope to take a Payload from")
	}
	return UnmarshalPayload(e.Payload)
}

// ExtractPayload is GetPayload.
func ExtractPayload(envelope *cb.Envelope) (*cb.Payload, error) {
	return GetPayload(envelope)
}

// ExtractPayloadOrPanic is ExtractPayload for an envelope known to be good.
func ExtractPayloadOrPanic(envelope *cb.Envelope) *cb.Payload {
	payload, err := ExtractPayload(envelope)
	must(err)
	return payload
}

// UnmarshalEnvelope decodes an envelope.
func UnmarshalEnvelope(encoded []byte) (*cb.Envelope, error) {
	envelope := &cb.Envelope{}
	return envelope, decode(encoded, envelope, "Envelope")
}

// UnmarshalEnvelopeOrPanic is UnmarshalEnvelope for bytes known to be good.
func UnmarshalEnvelopeOrPanic(encoded []byte) *cb.Envelope {
	envelope, err := UnmarshalEnvelope(encoded)
	must(err)
	return envelope
}

// GetEnvelopeFromBlock decodes one data entry of a block.
func GetEnvelopeFromBlock(data []byte) (*cb.Envelope, error) {
	envelope, err := UnmarshalEnvelope(data)
	if err != nil {
		return nil, err
	}
	return envelope, nil
}

// UnmarshalChannelHeader decodes a channel header.
func UnmarshalChannelHeader(encoded []byte) (*cb.ChannelHeader, error) {
	header := &cb.ChannelHeader{}
	return header, decode(encoded, header, "ChannelHeader")
}

// UnmarshalChannelHeaderOrPanic is UnmarshalChannelHeader for good bytes.
func UnmarshalChannelHeaderOrPanic(encoded []byte) *cb.ChannelHeader {
	header, err := UnmarshalChannelHeader(encoded)
	must(err)
	return header
}

// GetSignatureHeader decodes a signature header.
func GetSignatureHeader(encoded []byte) (*cb.SignatureHeader, error) {
	header := &cb.SignatureHeader{}
	return header, decode(encoded, header, "SignatureHeader")
}

// GetHeader decodes a payload's header.
func GetHeader(encoded []byte) (*cb.Header, error) {
	header := &cb.Header{}
	return header, decode(encoded, header, "Header")
}

// UnmarshalBlock decodes a block.
func UnmarshalBlock(encoded []byte) (*cb.Block, error) {
	block := &cb.Block{}
	return block, decode(encoded, block, "Block")
}

// UnmarshalBlockOrPanic is UnmarshalBlock for bytes known to be good.
func UnmarshalBlockOrPanic(encoded []byte) *cb.Block {
	block, err := UnmarshalBlock(encoded)
	must(err)
	return block
}

// GetBlockFromBlockBytes decodes a block.
func GetBlockFromBlockBytes(encoded []byte) (*cb.Block, error) {
	return UnmarshalBlock(encoded)
}

// GetTransaction decodes an endorser transaction.
func GetTransaction(encoded []byte) (*peer.Transaction, error) {
	tx := &peer.Transaction{}
	return tx, decode(encoded, tx, "Transaction")
}

// GetChaincodeActionPayload decodes the payload of a transaction's action.
func GetChaincodeActionPayload(encoded []byte) (*peer.ChaincodeActionPayload, error) {
	payload := &peer.ChaincodeActionPayload{}
	return payload, decode(encoded, payload, "ChaincodeActionPayload")
}

// GetProposalResponsePayload decodes what endorsers signed.
func GetProposalResponsePayload(encoded []byte) (*peer.ProposalResponsePayload, error) {
	payload := &peer.ProposalResponsePayload{}
	return payload, decode(encoded, payload, "ProposalResponsePayload")
}

// GetChaincodeAction decodes the outcome of a chaincode's execution.
func GetChaincodeAction(encoded []byte) (*peer.ChaincodeAction, error) {
	action := &peer.ChaincodeAction{}
	return action, decode(encoded, action, "ChaincodeAction")
}

// GetPayloads decodes both halves of a transaction's action: the payload and,
// inside it, the chaincode's action with its results.
func GetPayloads(txAction *peer.TransactionAction) (*peer.ChaincodeActionPayload, *peer.ChaincodeAction, error) {
	payload, err := GetChaincodeActionPayload(txAction.GetPayload())
	if err != nil {
		return nil, nil, err
	}
	if payload.Action == nil || payload.Action.ProposalResponsePayload == nil {
		return nil, nil, errors.New("the action carries no proposal response")
	}
	response, err := GetProposalResponsePayload(payload.Action.ProposalResponsePayload)
	if err != nil {
		return payload, nil, err
	}
	if response.Extension == nil {
		return payload, nil, errors.New("the proposal response has no chaincode action in its extension")
	}
	action, err := GetChaincodeAction(response.Extension)
	return payload, action, err
}

// GetActionFromEnvelope walks from a marshaled envelope down to the chaincode
// action of its first transaction action.
func GetActionFromEnvelope(envBytes []byte) (*peer.ChaincodeAction, error) {
	envelope, err := GetEnvelopeFromBlock(envBytes)
	if err != nil {
		return nil, err
	}
	payload, err := GetPayload(envelope)
	if err != nil {
		return nil, err
	}
	tx, err := GetTransaction(payload.Data)
	if err != nil {
		return nil, err
	}
	if len(tx.Actions) == 0 {
		return nil, errors.New("the transaction has no actions")
	}
	_, action, err := GetPayloads(tx.Actions[0])
	return action, err
}
