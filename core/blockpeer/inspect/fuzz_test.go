// SPDX-License-Identifier: Apache-2.0

//go:build go1.18
// +build go1.18

package inspect_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/hyperledger/fabric/core/blockpeer/inspect"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// FuzzDescribe describes arbitrary bytes: whatever they are, that ends with an
// error or with a description that prints in both forms, as text without control
// characters.
func FuzzDescribe(f *testing.F) {
	small := cb.NewBlock(7, []byte("previous"))
	small.Data.Data = [][]byte{utils.MarshalOrPanic(&cb.Envelope{Payload: utils.MarshalOrPanic(&cb.Payload{
		Header: &cb.Header{
			ChannelHeader:   utils.MarshalOrPanic(&cb.ChannelHeader{Type: int32(cb.HeaderType_CONFIG), ChannelId: "c"}),
			SignatureHeader: utils.MarshalOrPanic(&cb.SignatureHeader{Creator: []byte{0x0a, 1, 'M'}}),
		},
		Data: utils.MarshalOrPanic(&cb.ConfigEnvelope{
			Config: &cb.Config{ChannelGroup: &cb.ConfigGroup{Groups: map[string]*cb.ConfigGroup{"Orderer": {}}}},
			LastUpdate: updateOf(&cb.ConfigUpdate{WriteSet: &cb.ConfigGroup{
				Values: map[string]*cb.ConfigValue{"BatchTimeout": {Value: []byte{0x0a, 2, '1', 's'}}},
			}}),
		}),
	}), Signature: []byte("s")})}
	small.Metadata.Metadata[0] = utils.MarshalOrPanic(&cb.Metadata{Signatures: []*cb.MetadataSignature{{SignatureHeader: []byte{0x0a, 1, 'x'}}}})
	f.Add(utils.MarshalOrPanic(small))
	f.Add(utils.MarshalOrPanic(&cb.Block{Header: &cb.BlockHeader{Number: 1 << 63}}))
	f.Add([]byte{0x0a, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := inspect.Describe(raw)
		if err != nil {
			return
		}
		var text bytes.Buffer
		if err := d.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if at := bytes.IndexFunc(text.Bytes(), func(r rune) bool { return r < ' ' && r != '\n' }); at >= 0 {
			t.Fatalf("control character in %q", text.String())
		}
		if _, err := json.Marshal(d); err != nil {
			t.Fatal(err)
		}
	})
}
