// SPDX-License-Identifier: Apache-2.0

// Package inspect describes a block for a person or a program: its header and
// hashes, its transactions and who made them, what a configuration changes,
// and who signed it. It judges nothing and needs no channel: whatever does not
// parse is described as such.
package inspect

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/golang/protobuf/proto"

	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/hyperledger/fabric/protos/utils"
)

// Block describes a block. Hashes are hexadecimal.
type Block struct {
	Number       uint64        `json:"number"`
	Bytes        int           `json:"bytes"`
	HeaderHash   string        `json:"header_hash"`
	PreviousHash string        `json:"previous_hash"`
	DataHash     string        `json:"data_hash"`
	DataIntact   bool          `json:"data_intact"` // the data hash is that of the data
	Channel      string        `json:"channel,omitempty"`
	Config       *Config       `json:"config,omitempty"`
	Transactions []Transaction `json:"transactions"`
	LastConfig   *uint64       `json:"last_config,omitempty"`
	Signers      []Identity    `json:"signers"`
	Problems     []string      `json:"problems,omitempty"`
}

// Transaction describes one entry of a block's data.
type Transaction struct {
	Index   int       `json:"index"`
	Bytes   int       `json:"bytes"`
	Type    string    `json:"type,omitempty"`
	TxID    string    `json:"tx_id,omitempty"`
	Time    string    `json:"time,omitempty"` // RFC 3339
	Creator *Identity `json:"creator,omitempty"`
	Problem string    `json:"problem,omitempty"`
}

// Identity describes a serialized identity.
type Identity struct {
	MSP     string `json:"msp"`
	Subject string `json:"subject,omitempty"`
	Issuer  string `json:"issuer,omitempty"`
	Expires string `json:"expires,omitempty"` // RFC 3339
	Problem string `json:"problem,omitempty"`
}

// Describe describes a marshaled block. The error is for bytes that are no
// block at all; lesser faults are among its Problems.
func Describe(raw []byte) (*Block, error) {
	block, err := protoext.UnmarshalBlock(raw)
	if err != nil {
		return nil, err
	}
	if block.Header == nil && block.Data == nil && block.Metadata == nil {
		return nil, fmt.Errorf("not a block: %d bytes without header, data or metadata", len(raw))
	}
	d := &Block{Bytes: len(raw), Transactions: []Transaction{}, Signers: []Identity{}}
	d.describeHeader(block)
	for i, entry := range block.GetData().GetData() {
		d.Transactions = append(d.Transactions, d.transaction(i, entry))
	}
	if err := protoext.CheckTransactionBoundaries(block); err != nil {
		d.problem("transactions are not cut as an orderer cuts them: %v", err)
	}
	d.describeConfig(block)
	d.describeMetadata(block)
	return d, nil
}

func (d *Block) problem(format string, args ...any) {
	d.Problems = append(d.Problems, fmt.Sprintf(format, args...))
}

func (d *Block) describeHeader(block *cb.Block) {
	header := block.Header
	if header == nil {
		d.problem("header missing")
		header = &cb.BlockHeader{}
	}
	d.Number = header.Number
	d.HeaderHash = hex.EncodeToString(protoext.BlockHeaderHash(header))
	d.PreviousHash = hex.EncodeToString(header.PreviousHash)
	d.DataHash = hex.EncodeToString(header.DataHash)
	d.DataIntact = bytes.Equal(header.DataHash, protoext.BlockDataHash(block.Data))
	if !d.DataIntact {
		d.problem("the data hash is not that of the data")
	}
	if len(block.GetData().GetData()) == 0 {
		d.problem("no transactions")
	}
}

func (d *Block) transaction(index int, entry []byte) Transaction {
	t := Transaction{Index: index, Bytes: len(entry)}
	payload, err := payloadOf(entry)
	if err != nil {
		t.Problem = err.Error()
		return t
	}
	header, err := utils.UnmarshalChannelHeader(payload.Header.ChannelHeader)
	if err != nil {
		t.Problem = err.Error()
		return t
	}
	t.Type, t.TxID = cb.HeaderType(header.Type).String(), header.TxId
	if at := header.Timestamp; at != nil {
		t.Time = time.Unix(at.Seconds, int64(at.Nanos)).UTC().Format(time.RFC3339)
	}
	switch {
	case index == 0:
		d.Channel = header.ChannelId
	case header.ChannelId != d.Channel:
		t.Problem = fmt.Sprintf("for channel %q", header.ChannelId)
	}
	t.Creator = creatorOf(payload.Header.SignatureHeader)
	return t
}

func payloadOf(entry []byte) (*cb.Payload, error) {
	envelope, err := utils.UnmarshalEnvelope(entry)
	if err != nil {
		return nil, err
	}
	payload, err := utils.GetPayload(envelope)
	if err != nil {
		return nil, err
	}
	if payload.Header == nil {
		return nil, fmt.Errorf("payload without a header")
	}
	return payload, nil
}

// creatorOf describes who a signature header names; nil for nobody.
func creatorOf(signatureHeader []byte) *Identity {
	header, err := utils.GetSignatureHeader(signatureHeader)
	if err != nil {
		return &Identity{Problem: err.Error()}
	}
	if len(header.Creator) == 0 {
		return nil
	}
	identity := describeIdentity(header.Creator)
	return &identity
}

func describeIdentity(serialized []byte) Identity {
	var id msp.SerializedIdentity
	if err := proto.Unmarshal(serialized, &id); err != nil {
		return Identity{Problem: "not a serialized identity"}
	}
	d := Identity{MSP: id.Mspid}
	block, _ := pem.Decode(id.IdBytes)
	if block == nil {
		d.Problem = "no PEM certificate"
		return d
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		d.Problem = err.Error()
		return d
	}
	d.Subject, d.Issuer = certificate.Subject.String(), certificate.Issuer.String()
	d.Expires = certificate.NotAfter.UTC().Format(time.RFC3339)
	return d
}

func (d *Block) describeMetadata(block *cb.Block) {
	if len(block.GetMetadata().GetMetadata()) == 0 {
		d.problem("metadata missing")
		return
	}
	signatures, err := utils.GetMetadataFromBlock(block, cb.BlockMetadataIndex_SIGNATURES)
	if err != nil {
		d.problem("%v", err)
		return
	}
	for _, s := range signatures.Signatures {
		if creator := creatorOf(s.GetSignatureHeader()); creator != nil {
			d.Signers = append(d.Signers, *creator)
		}
	}
	if len(block.Metadata.Metadata) <= int(cb.BlockMetadataIndex_LAST_CONFIG) {
		return
	}
	last, err := utils.GetLastConfigIndexFromBlock(block)
	if err != nil {
		d.problem("%v", err)
		return
	}
	d.LastConfig = &last
}
