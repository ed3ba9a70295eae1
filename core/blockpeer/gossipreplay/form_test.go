// SPDX-License-Identifier: Apache-2.0

package gossipreplay

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/protos/gossip"
)

// cast names the PKI-IDs that occur in messages. In the one of a replay the
// node under test has the name of the peer whose place it takes.
type cast map[string]string // PKI-ID in hex to peer

// with adds one more.
func (c cast) with(id []byte, name string) cast {
	more := maps.Clone(c)
	more[hex.EncodeToString(id)] = name
	return more
}

func (c cast) name(id []byte) string {
	if name := c[hex.EncodeToString(id)]; name != "" {
		return name
	}
	return fmt.Sprintf("unknown(%x)", id)
}

// form writes a message down field by field, so that two messages have the same
// form if they differ in keys, nonces, times and signatures only:
//
//   - PKI-IDs, identities and channel MACs are written as whose they are,
//   - nonces, times and signatures as being there; zero stays zero,
//   - the hash of a TLS certificate is left out, it has a test of its own,
//   - blocks as their hash,
//   - of repeated fields, which v1.3.0 fills in random order, the sorted list.
//
// Left out too is what in v1.3.0 depends on when it is looked at: the identity
// in an alive message, there in a node's first seconds only, and the secret
// beside it, which v1.3.0 loses for its own organization once it has answered
// another one. Both are verified wherever they occur.
func (c cast) form(m *gossip.SignedGossipMessage) string {
	signed := "unsigned "
	if len(m.Signature) > 0 {
		signed = "signed "
	}
	return signed + c.fields(proto.MessageReflect(m.GossipMessage))
}

// omitted fields are explained at form.
var omitted = map[protoreflect.FullName]bool{
	"gossip.ConnEstablish.tls_cert_hash": true,
	"gossip.AliveMessage.identity":       true,
}

func (c cast) fields(m protoreflect.Message) string {
	var parts []string
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if !m.Has(field) || omitted[field.FullName()] {
			continue
		}
		parts = append(parts, string(field.Name())+"="+c.value(m, field))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

func (c cast) value(m protoreflect.Message, field protoreflect.FieldDescriptor) string {
	if !field.IsList() {
		return c.single(m, field, m.Get(field))
	}
	list := m.Get(field).List()
	var items []string
	for i := range list.Len() {
		items = append(items, c.single(m, field, list.Get(i)))
	}
	slices.Sort(items)
	return "[" + strings.Join(items, " ") + "]"
}

func (c cast) single(m protoreflect.Message, field protoreflect.FieldDescriptor, v protoreflect.Value) string {
	switch {
	case field.Message() != nil && field.Message().FullName() == "gossip.Envelope":
		return c.nested(proto.MessageV1(v.Message().Interface()).(*gossip.Envelope))
	case field.Message() != nil:
		return c.fields(v.Message())
	case field.Name() == "nonce" || field.Parent().FullName() == "gossip.PeerTime":
		return "some"
	case field.Kind() == protoreflect.BytesKind:
		return c.bytes(m, field, v.Bytes())
	}
	return fmt.Sprintf("%q", v.String())
}

func (c cast) nested(e *gossip.Envelope) string {
	m, err := protoext.EnvelopeToGossipMessage(e)
	if err != nil {
		return err.Error()
	}
	return c.form(m)
}

func (c cast) bytes(m protoreflect.Message, field protoreflect.FieldDescriptor, b []byte) string {
	switch {
	case field.Name() == "pki_id":
		return c.name(b)
	case field.Name() == "cert" || field.Name() == "identity":
		id := m.Get(m.Descriptor().Fields().ByName("pki_id")).Bytes()
		return "identity of " + c.name(id)
	case field.Name() == "channel_MAC":
		return c.mac(b)
	case field.Name() == "digests" && len(b) == sha256.Size:
		return c.name(b)
	case field.FullName() == "gossip.Payload.data":
		return fmt.Sprintf("%x", sha256.Sum256(b))
	}
	return fmt.Sprintf("%q", b)
}

func (c cast) mac(mac []byte) string {
	for id, name := range c {
		if raw, err := hex.DecodeString(id); err == nil && bytes.Equal(mac, channelMAC(raw)) {
			return "MAC of " + name
		}
	}
	return fmt.Sprintf("unknown(%x)", mac)
}

func TestFormsTellMessagesApart(t *testing.T) {
	r := recorded(t)
	c := cast(r.names)
	distinct := map[string]map[string]bool{}
	for _, e := range r.all() {
		form := c.form(e.message)
		assert.NotContains(t, form, "unknown")
		if distinct[e.kind()] == nil {
			distinct[e.kind()] = map[string]bool{}
		}
		distinct[e.kind()][form] = true
	}
	assert.Len(t, distinct["conn"], 4)
	assert.Len(t, distinct["hello identity"], 1)
	assert.Len(t, distinct["state_info_pull_req"], 4)
	assert.Equal(t, []string{`unsigned {channel="mychannel" tag="4" hello={nonce=some msg_type="1"}}`},
		slices.Collect(maps.Keys(distinct["hello block"])))
	for _, form := range []string{
		`signed {tag="1" alive_msg={membership={endpoint="127.0.0.1:7151" pki_id=peer0.org1} timestamp={inc_num=some seq_num=some}}}`,
		`signed {tag="1" alive_msg={membership={endpoint="127.0.0.1:7251" pki_id=peer0.org2} timestamp={inc_num=some seq_num=some}}}`,
	} {
		assert.True(t, distinct["alive_msg"][form], "%v", distinct["alive_msg"])
	}
}
