// SPDX-License-Identifier: Apache-2.0

package protoext_test

import (
	"bytes"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
)

// field encodes a length-delimited field with a number below 16.
func field(number byte, content []byte) []byte {
	raw := append([]byte{number<<3 | 2}, proto.EncodeVarint(uint64(len(content)))...)
	return append(raw, content...)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// Fields that no message has, as a client may put them anywhere.
var (
	unknownVarint  = []byte{0x38, 0xac, 0x02}                             // field 7
	hugeNumber     = []byte{0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0x05}     // a number beyond what protobuf allows
	emptyGroup     = []byte{0x3b, 0x3c}                                   // group 7
	oddGroup       = []byte{0x3b, 0x0a, 0x02, 'x', 'y', 0x4b, 0x54, 0x3c} // holds a field 1 and a group whose end has another number
	wrongKind      = []byte{0x08, 0x01}                                   // field 1, but a number
	fixed          = []byte{0x39, 1, 2, 3, 4, 5, 6, 7, 8, 0x3d, 1, 2, 3, 4}
	clientsFields  = [][]byte{unknownVarint, hugeNumber, emptyGroup, oddGroup, wrongKind, fixed}
	allOfThem      = join(clientsFields...)
	protobufs      = join(unknownVarint, emptyGroup, fixed) // those that today's protobuf accepts as well
	endWithoutHead = []byte{0x3c}
)

func channelHeader(t *testing.T, id string, kind cb.HeaderType) []byte {
	raw, err := proto.Marshal(&cb.ChannelHeader{ChannelId: id, Type: int32(kind), TxId: "tx"})
	assert.NoError(t, err)
	return raw
}

// What is read by hand must be what the generated decoders would read, also
// where fields occur several times or in a strange order.
func TestChannelIsReadAsProtobufReadsIt(t *testing.T) {
	a, b := channelHeader(t, "a", cb.HeaderType_CONFIG), channelHeader(t, "b", cb.HeaderType_MESSAGE)
	headerOf := func(channelHeader []byte) []byte { return field(1, field(1, channelHeader)) }
	for name, payload := range map[string][]byte{
		"plain":                      headerOf(a),
		"with data":                  join(headerOf(a), field(2, []byte("data"))),
		"data first":                 join(field(2, []byte("data")), headerOf(a)),
		"two headers":                join(headerOf(a), headerOf(b)),
		"second header adds nothing": join(headerOf(a), field(1, nil)),
		"second header is partial":   join(headerOf(a), field(1, field(2, []byte("signature header")))),
		"channel header twice":       field(1, join(field(1, a), field(1, b))),
		"empty channel header":       join(headerOf(a), headerOf(nil)),
		"values twice":               headerOf(join(a, a[:2], b)),
		"unknown fields":             join(protobufs, field(1, join(protobufs, field(1, join(protobufs, a, protobufs)), protobufs))),
	} {
		expected, header := &cb.Payload{}, &cb.ChannelHeader{}
		assert.NoError(t, proto.Unmarshal(payload, expected), name)
		assert.NoError(t, proto.Unmarshal(expected.Header.ChannelHeader, header), name)
		id, kind, err := protoext.ChannelOf(join(field(1, []byte("overridden")), field(1, payload), field(2, []byte("signature"))))
		assert.NoError(t, err, name)
		assert.Equal(t, header.ChannelId, id, name)
		assert.Equal(t, cb.HeaderType(header.Type), kind, name)
	}
}

func TestChannelIsReadAroundWhatOnlyOldProtobufAccepts(t *testing.T) {
	a := channelHeader(t, "a", cb.HeaderType_CONFIG)
	for _, odd := range append(clientsFields, allOfThem) {
		around := func(content []byte) []byte { return join(odd, content, odd) }
		id, kind, err := protoext.ChannelOf(around(field(1, around(field(1, around(field(1, around(a))))))))
		assert.NoError(t, err, "%x", odd)
		assert.Equal(t, "a", id, "%x", odd)
		// Read as the type, field 1 means something in the innermost message.
		if !bytes.Contains(odd, wrongKind) {
			assert.Equal(t, cb.HeaderType_CONFIG, kind, "%x", odd)
		}
	}
}

func TestChannelOfWhatIsNoTransaction(t *testing.T) {
	for wants, entry := range map[string][]byte{
		"malformed envelope: truncated":         {0x0a, 9},
		"malformed envelope: field number 0":    {0x02, 0},
		"malformed envelope: field 7 ends":      endWithoutHead,
		"malformed envelope: field 1 has wire":  {0x0f},
		"payload without header":                field(2, nil),
		"header without channel header":         field(1, field(1, field(2, []byte("signature header")))),
		"malformed payload: truncated":          field(1, []byte{0x0a, 9}),
		"malformed payload: malformed header":   field(1, field(1, []byte{0x0a, 9})),
		"malformed channel header: truncated":   field(1, field(1, field(1, []byte{0x3b}))),
		"malformed channel header: field 7 end": field(1, field(1, field(1, endWithoutHead))),
	} {
		_, _, err := protoext.ChannelOf(entry)
		if assert.Error(t, err, wants) {
			assert.Contains(t, err.Error(), wants)
		}
	}
	_, _, err := protoext.ChannelOf(bytes.Repeat([]byte{0x3b}, 1<<20))
	assert.Error(t, err, "a million groups that never end")
}

// Orderers keep what a client put into an envelope. A peer that refuses the
// block for it never gets beyond it.
func TestClientsCannotMakeBlocksUnacceptable(t *testing.T) {
	header := channelHeader(t, "a", cb.HeaderType_ENDORSER_TRANSACTION)
	payload := field(1, join(allOfThem, field(1, field(1, join(allOfThem, header)))))
	signed := join(payload, field(2, []byte("signature")))
	for _, odd := range append(clientsFields, allOfThem) {
		entry := join(signed, odd)
		block := &cb.Block{Data: &cb.BlockData{Data: [][]byte{entry, entry}}}
		assert.NoError(t, protoext.CheckTransactionBoundaries(block), "%x", odd)
		assert.False(t, protoext.IsConfigBlock(block))
		// None of it makes room for another cut.
		joined := join(entry, entry)
		for cut := 1; cut < len(joined); cut++ {
			block.Data.Data = [][]byte{joined[:cut], joined[cut:]}
			assert.Equal(t, cut == len(entry), protoext.CheckTransactionBoundaries(block) == nil, "%x cut at %d", odd, cut)
		}
		block.Data.Data = [][]byte{joined}
		assert.Error(t, protoext.CheckTransactionBoundaries(block), "%x", odd)
	}
	for what, rest := range map[string][]byte{
		"payload":          field(1, []byte("p")),
		"signature":        field(2, []byte("s")),
		"empty payload":    field(1, nil),
		"half a field":     {0x38},
		"half a group":     {0x3b, 0x38, 1},
		"the end of one":   endWithoutHead,
		"unknown encoding": {0x3e},
	} {
		block := &cb.Block{Data: &cb.BlockData{Data: [][]byte{join(signed, rest)}}}
		assert.Error(t, protoext.CheckTransactionBoundaries(block), what)
	}
}

// Entries run together read as the last of them. If that is a configuration,
// the others must not come along under its name.
func TestConfigBlockIsOneEnvelope(t *testing.T) {
	config := field(1, field(1, field(1, channelHeader(t, "a", cb.HeaderType_CONFIG))))
	message := field(1, field(1, field(1, channelHeader(t, "a", cb.HeaderType_MESSAGE))))
	signature := field(2, []byte("signature"))
	for what, c := range map[string]struct {
		entry []byte
		ok    bool
	}{
		"signed":                     {join(config, signature), true},
		"unsigned":                   {config, true},
		"behind a message":           {join(message, signature, config, signature), false},
		"behind an unsigned message": {join(message, config), false},
		"empty signature":            {join(config, field(2, nil)), false},
	} {
		block := &cb.Block{Data: &cb.BlockData{Data: [][]byte{c.entry}}}
		assert.True(t, protoext.IsConfigBlock(block), what)
		err := protoext.CheckTransactionBoundaries(block)
		assert.Equal(t, c.ok, err == nil, "%s: %v", what, err)
	}
}
