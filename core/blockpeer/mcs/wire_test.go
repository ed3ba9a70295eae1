// SPDX-License-Identifier: Apache-2.0

package mcs

import (
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"

	cb "github.com/hyperledger/fabric/protos/common"
)

func field(number protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), content)
}

func join(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// What is read by hand must be what the generated decoders would read, also
// where fields occur several times or in a strange order.
func TestSignatureListAgreesWithGenerated(t *testing.T) {
	creator := func(s string) []byte { return field(1, []byte(s)) }
	raw := join(
		field(1, []byte("overridden")),
		field(2, join(field(1, creator("x")), field(2, []byte("sig x")))),
		field(1, []byte("value")),
		field(2, join(field(2, []byte("overridden")), field(1, creator("overridden")), field(1, join(creator("overridden"), creator("y"), field(2, []byte("nonce")))), field(2, []byte("sig y")))),
		field(2, nil),
	)
	expected := &cb.Metadata{}
	require.NoError(t, proto.Unmarshal(raw, expected))

	value, list, err := signaturesOf(raw, 3)
	require.NoError(t, err)
	require.Equal(t, expected.Value, value)
	require.Len(t, list, len(expected.Signatures))
	for i, s := range expected.Signatures {
		header := &cb.SignatureHeader{}
		require.NoError(t, proto.Unmarshal(s.SignatureHeader, header))
		require.Equal(t, string(s.SignatureHeader), string(list[i].header))
		require.Equal(t, string(s.Signature), string(list[i].signature))
		require.Equal(t, string(header.Creator), string(list[i].creator))
	}
	_, _, err = signaturesOf(raw, 2)
	require.ErrorContains(t, err, "more than 2 signatures")
}
