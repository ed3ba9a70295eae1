// SPDX-License-Identifier: Apache-2.0

package inspect_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/inspect"
	"github.com/hyperledger/fabric/core/blockpeer/nettest"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

var update = flag.Bool("update", false, "write the golden files again")

func golden(t *testing.T, name string, have []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, have, 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), string(have), "run with -update if %s is to change", file)
}

func asText(t *testing.T, raw []byte) string {
	t.Helper()
	d, err := inspect.Describe(raw)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, d.WriteText(&text))
	return text.String()
}

// Block 0, the anchor peers of 1 and 2, ordinary transactions, the orderer added
// by 9, the batch size of 22, the orderers replaced by 31.
func TestRecordedBlocks(t *testing.T) {
	recorded := nettest.RecordedChain(t)
	for _, number := range []int{0, 1, 2, 3, 9, 22, 31} {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			d, err := inspect.Describe(recorded[number])
			require.NoError(t, err)
			structured, err := json.MarshalIndent(d, "", "  ")
			require.NoError(t, err)
			golden(t, fmt.Sprintf("%04d.json", number), append(structured, '\n'))
			golden(t, fmt.Sprintf("%04d.txt", number), []byte(asText(t, recorded[number])))
		})
	}
}

func TestDescriptionsAreWhatWasRecorded(t *testing.T) {
	facts := nettest.RecordedFacts(t)
	for number, raw := range nettest.RecordedChain(t) {
		d, err := inspect.Describe(raw)
		require.NoError(t, err)
		have := nettest.Recorded{HeaderHash: d.HeaderHash, Transactions: len(d.Transactions), LastConfig: *d.LastConfig, Bytes: d.Bytes}
		if d.Config != nil {
			have.Orderers = d.Config.OrdererAddresses
		}
		require.Equal(t, facts[number], have)
		require.Equal(t, uint64(number), d.Number)
		require.Equal(t, "mychannel", d.Channel)
		require.True(t, d.DataIntact)
		require.Empty(t, d.Problems)
		for _, tx := range d.Transactions {
			require.Empty(t, tx.Problem)
		}
	}
}

func TestSystemChannel(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(nettest.RecordedDir(), "syschannel", "0000.block"))
	require.NoError(t, err)
	d, err := inspect.Describe(raw)
	require.NoError(t, err)
	require.Empty(t, d.Problems)
	require.NotNil(t, d.Config)
	require.NotEmpty(t, d.Config.Organizations)
}

// block returns recorded block 3 after a change.
func block(t testing.TB, edit func(*cb.Block)) []byte {
	t.Helper()
	b := nettest.Decode(t, nettest.RecordedChain(t)[3])
	edit(b)
	return nettest.Encode(t, b)
}

// rewrap replaces the first transaction by one of another payload.
func rewrap(b *cb.Block, payload *cb.Payload) {
	b.Data.Data[0] = utils.MarshalOrPanic(&cb.Envelope{Payload: utils.MarshalOrPanic(payload), Signature: []byte("s")})
	b.Header.DataHash = protoext.BlockDataHash(b.Data)
}

func TestFaultsAreNamed(t *testing.T) {
	header := func(h *cb.ChannelHeader, signature []byte) *cb.Payload {
		return &cb.Payload{Header: &cb.Header{ChannelHeader: utils.MarshalOrPanic(h), SignatureHeader: signature}}
	}
	for name, c := range map[string]struct {
		raw   []byte
		wants []string
	}{
		"header":        {block(t, func(b *cb.Block) { b.Header = nil }), []string{`PROBLEM        "header missing"`, "(NOT that of the data)", "previous hash  (none)"}},
		"data":          {block(t, func(b *cb.Block) { b.Data.Data[2][9] ^= 1 }), []string{`"the data hash is not that of the data"`}},
		"no data":       {block(t, func(b *cb.Block) { b.Data = nil }), []string{`"no transactions"`}},
		"metadata":      {block(t, func(b *cb.Block) { b.Metadata = nil }), []string{`"metadata missing"`}},
		"bad metadata":  {block(t, func(b *cb.Block) { b.Metadata.Metadata[0] = []byte{0xff} }), []string{"PROBLEM        "}},
		"bad index":     {block(t, func(b *cb.Block) { b.Metadata.Metadata[1] = []byte{0xff} }), []string{"PROBLEM        "}},
		"short":         {block(t, func(b *cb.Block) { b.Metadata.Metadata = b.Metadata.Metadata[:1] }), []string{`signed by      "OrdererMSP"`}},
		"cut":           {block(t, func(b *cb.Block) { b.Data.Data[0] = append(b.Data.Data[0], b.Data.Data[1]...) }), []string{"transactions are not cut as an orderer cuts them"}},
		"garbage":       {block(t, func(b *cb.Block) { b.Data.Data[1] = []byte{0xff} }), []string{"tx 1 ", `          PROBLEM "`}},
		"empty payload": {block(t, func(b *cb.Block) { rewrap(b, &cb.Payload{}) }), []string{`PROBLEM "payload without a header"`}},
		"bad header":    {block(t, func(b *cb.Block) { rewrap(b, &cb.Payload{Header: &cb.Header{ChannelHeader: []byte{0xff}}}) }), []string{`          PROBLEM "`}},
		"no creator":    {block(t, func(b *cb.Block) { rewrap(b, header(&cb.ChannelHeader{ChannelId: "mychannel"}, nil)) }), []string{"tx 0    MESSAGE"}},
		"bad creator": {block(t, func(b *cb.Block) {
			rewrap(b, header(&cb.ChannelHeader{}, utils.MarshalOrPanic(&cb.SignatureHeader{Creator: []byte{0xff}})))
		}), []string{`creator "" ("not a serialized identity")`, `PROBLEM "for channel \"mychannel\""`}},
		"bad signature header": {block(t, func(b *cb.Block) { rewrap(b, header(&cb.ChannelHeader{}, []byte{0xff})) }), []string{`creator "" ("`}},
		"other channel":        {block(t, func(b *cb.Block) { rewrap(b, header(&cb.ChannelHeader{ChannelId: "other\x1b[31m"}, nil)) }), []string{`of channel "other\x1b[31m"`, `PROBLEM "for channel \"mychannel\""`}},
		"strange type":         {block(t, func(b *cb.Block) { rewrap(b, header(&cb.ChannelHeader{Type: 77}, nil)) }), []string{"tx 0    77 "}},
		"config without any":   {block(t, func(b *cb.Block) { rewrap(b, header(&cb.ChannelHeader{Type: int32(cb.HeaderType_CONFIG)}, nil)) }), []string{"configuration 0"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := asText(t, c.raw)
			for _, want := range c.wants {
				require.Contains(t, text, want)
			}
			require.NotContains(t, text, "\x1b", "nothing reaches a terminal as it is")
		})
	}
}

func TestIdentitiesThatAreNone(t *testing.T) {
	creator := func(id []byte) string {
		serialized := utils.MarshalOrPanic(&cb.SignatureHeader{Creator: id})
		payload := &cb.Payload{Header: &cb.Header{ChannelHeader: utils.MarshalOrPanic(&cb.ChannelHeader{}), SignatureHeader: serialized}}
		return asText(t, block(t, func(b *cb.Block) { rewrap(b, payload) }))
	}
	// Field 1 is the MSP's name, field 2 the certificate.
	require.Contains(t, creator([]byte{0x0a, 1, 'M'}), `creator "M" ("no PEM certificate")`)
	pem := "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	require.Contains(t, creator(append([]byte{0x0a, 1, 'M', 0x12, byte(len(pem))}, pem...)), `creator "M" ("x509: `)
}

// configBlock is recorded block 9 with another configuration in it.
func configBlock(t testing.TB, edit func(*cb.ConfigEnvelope)) []byte {
	t.Helper()
	b := nettest.Decode(t, nettest.RecordedChain(t)[9])
	envelope, err := utils.ExtractEnvelope(b, 0)
	require.NoError(t, err)
	payload, err := utils.GetPayload(envelope)
	require.NoError(t, err)
	contents := &cb.ConfigEnvelope{}
	require.NoError(t, proto.Unmarshal(payload.Data, contents))
	edit(contents)
	payload.Data = utils.MarshalOrPanic(contents)
	rewrap(b, payload)
	return nettest.Encode(t, b)
}

func updateOf(update *cb.ConfigUpdate) *cb.Envelope {
	return updateFrom(&cb.ConfigUpdateEnvelope{ConfigUpdate: utils.MarshalOrPanic(update)})
}

func updateFrom(contents *cb.ConfigUpdateEnvelope) *cb.Envelope {
	return &cb.Envelope{Payload: utils.MarshalOrPanic(&cb.Payload{
		Header: &cb.Header{ChannelHeader: utils.MarshalOrPanic(&cb.ChannelHeader{Type: int32(cb.HeaderType_CONFIG_UPDATE)})},
		Data:   utils.MarshalOrPanic(contents),
	})}
}

func TestStrangeConfigurations(t *testing.T) {
	deep := &cb.ConfigGroup{}
	for range 40 {
		deep = &cb.ConfigGroup{Groups: map[string]*cb.ConfigGroup{"g": deep}}
	}
	for name, c := range map[string]struct {
		edit  func(*cb.ConfigEnvelope)
		wants string
	}{
		"no configuration": {func(e *cb.ConfigEnvelope) { *e = cb.ConfigEnvelope{} }, "configuration 0"},
		"no update":        {func(e *cb.ConfigEnvelope) { e.LastUpdate = nil }, "configuration 4"},
		"garbage update":   {func(e *cb.ConfigEnvelope) { e.LastUpdate.Payload = []byte{0xff} }, "unreadable update: "},
		"garbage in it": {func(e *cb.ConfigEnvelope) {
			e.LastUpdate = updateFrom(&cb.ConfigUpdateEnvelope{ConfigUpdate: []byte{0xff}, Signatures: []*cb.ConfigSignature{{SignatureHeader: []byte{0xff}}, {}}})
		}, "unreadable update: "},
		"deep": {func(e *cb.ConfigEnvelope) { e.LastUpdate = updateOf(&cb.ConfigUpdate{WriteSet: deep}) }, "nested too deeply to describe"},
		"unreadable value": {func(e *cb.ConfigEnvelope) {
			e.LastUpdate = updateOf(&cb.ConfigUpdate{WriteSet: &cb.ConfigGroup{Values: map[string]*cb.ConfigValue{"BatchSize": {Value: []byte{0xff}}}}})
		}, "value /Channel/BatchSize to version 0: unreadable"},
		"policy": {func(e *cb.ConfigEnvelope) {
			e.LastUpdate = updateOf(&cb.ConfigUpdate{WriteSet: &cb.ConfigGroup{Policies: map[string]*cb.ConfigPolicy{"Admins": {Version: 3}}}})
		}, "policy /Channel/Admins to version 3"},
		"capabilities": {func(e *cb.ConfigEnvelope) {
			e.LastUpdate = updateOf(&cb.ConfigUpdate{WriteSet: &cb.ConfigGroup{Values: map[string]*cb.ConfigValue{
				"Capabilities": {Value: utils.MarshalOrPanic(&cb.Capabilities{Capabilities: map[string]*cb.Capability{"V1_3": {}}})}}}})
		}, `value /Channel/Capabilities to version 0: capabilities:<key:\"V1_3\" value:<> >`},
	} {
		t.Run(name, func(t *testing.T) { require.Contains(t, asText(t, configBlock(t, c.edit)), c.wants) })
	}
}

func TestBytesThatAreNoBlock(t *testing.T) {
	for name, raw := range map[string][]byte{"nothing": nil, "text": []byte("-----BEGIN CERTIFICATE-----"), "cut off": nettest.RecordedChain(t)[3][:1000], "another message": {0x22, 1, 'x'}} {
		t.Run(name, func(t *testing.T) {
			_, err := inspect.Describe(raw)
			require.Error(t, err)
		})
	}
}

// fussy is a writer that fails after some lines.
type fussy struct{ left int }

var errFull = errors.New("full")

func (f *fussy) Write(data []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, errFull
	}
	return len(data), nil
}

func TestTextThatCannotBeWritten(t *testing.T) {
	d, err := inspect.Describe(nettest.RecordedChain(t)[9])
	require.NoError(t, err)
	for left := range 5 {
		require.ErrorIs(t, d.WriteText(&fussy{left}), errFull)
	}
}
