// SPDX-License-Identifier: Apache-2.0

package common

import "github.com/golang/protobuf/proto"

// Header types that v1.3.0 knows and that newer message modules dropped.
const (
	HeaderType_PEER_ADMIN_OPERATION HeaderType = 8
	HeaderType_TOKEN_TRANSACTION    HeaderType = 9
)

// CollectionCriteria names one private data collection as a transaction sees
// it. Newer message modules have no such message; the wire format is v1.3.0's.
type CollectionCriteria struct {
	Channel    string `protobuf:"bytes,1,opt,name=channel,proto3" json:"channel,omitempty"`
	TxId       string `protobuf:"bytes,2,opt,name=tx_id,json=txId,proto3" json:"tx_id,omitempty"`
	Collection string `protobuf:"bytes,3,opt,name=collection,proto3" json:"collection,omitempty"`
	Namespace  string `protobuf:"bytes,4,opt,name=namespace,proto3" json:"namespace,omitempty"`
}

// Reset clears the message.
func (m *CollectionCriteria) Reset() { *m = CollectionCriteria{} }

// String prints the message in protobuf's compact text form.
func (m *CollectionCriteria) String() string { return proto.CompactTextString(m) }

// ProtoMessage marks the type as a protobuf message.
func (*CollectionCriteria) ProtoMessage() {}

// GetChannel returns the channel's name.
func (m *CollectionCriteria) GetChannel() string {
	if m == nil {
		return ""
	}
	return m.Channel
}

// GetTxId returns the transaction's identifier.
func (m *CollectionCriteria) GetTxId() string {
	if m == nil {
		return ""
	}
	return m.TxId
}

// GetCollection returns the collection's name.
func (m *CollectionCriteria) GetCollection() string {
	if m == nil {
		return ""
	}
	return m.Collection
}

// GetNamespace returns the chaincode that the collection belongs to.
func (m *CollectionCriteria) GetNamespace() string {
	if m == nil {
		return ""
	}
	return m.Namespace
}
