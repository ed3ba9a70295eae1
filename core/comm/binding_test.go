// SPDX-License-Identifier: Apache-2.0

package comm_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/golang/protobuf/ptypes/wrappers"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/stretchr/testify/assert"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

type otherAuth struct{}

func (otherAuth) AuthType() string { return "other" }

func withAuth(info credentials.AuthInfo) context.Context {
	return peer.NewContext(context.Background(), &peer.Peer{AuthInfo: info})
}

func withCertificate(der string) context.Context {
	return withAuth(credentials.TLSInfo{State: tls.ConnectionState{
		PeerCertificates: []*x509.Certificate{{Raw: []byte(der)}, {Raw: []byte("issuer")}}}})
}

// without are contexts of calls that came with no TLS certificate.
var without = map[string]context.Context{
	"no peer":                     context.Background(),
	"no authentication":           withAuth(nil),
	"other authentication":        withAuth(otherAuth{}),
	"TLS, but no certificate":     withAuth(credentials.TLSInfo{}),
	"TLS, with empty certificate": withCertificate(""),
}

func TestExtractCertificate(t *testing.T) {
	hash := sha256.Sum256([]byte("leaf"))
	assert.Equal(t, []byte("leaf"), comm.ExtractCertificateFromContext(withCertificate("leaf")))
	assert.Equal(t, hash[:], comm.ExtractCertificateHashFromContext(withCertificate("leaf")))
	for name, ctx := range without {
		assert.Empty(t, comm.ExtractCertificateFromContext(ctx), name)
		assert.Nil(t, comm.ExtractCertificateHashFromContext(ctx), name)
	}
}

func TestBindingInspector(t *testing.T) {
	claim := func(msg proto.Message) []byte { return msg.(*wrappers.BytesValue).Value }
	leaf := sha256.Sum256([]byte("leaf"))
	mutual, oneWay := comm.NewBindingInspector(true, claim), comm.NewBindingInspector(false, claim)
	for _, c := range []struct {
		name, err string
		inspect   comm.BindingInspector
		ctx       context.Context
		msg       proto.Message
	}{
		{"no message", "message is nil", mutual, withCertificate("leaf"), nil},
		{"no message, one way", "message is nil", oneWay, withCertificate("leaf"), nil},
		{"bound", "", mutual, withCertificate("leaf"), &wrappers.BytesValue{Value: leaf[:]}},
		{"one way, anything goes", "", oneWay, context.Background(), &wrappers.BytesValue{}},
		{"no claim", "client didn't include its TLS cert hash", mutual, withCertificate("leaf"), &wrappers.BytesValue{}},
		{"no claim and no certificate", "client didn't include its TLS cert hash", mutual, context.Background(), &wrappers.BytesValue{}},
		{"no certificate", "client didn't send a TLS certificate", mutual, context.Background(), &wrappers.BytesValue{Value: leaf[:]}},
		{"another's", "claimed TLS cert hash is [1 2 3] but actual TLS cert hash is " +
			fmt.Sprint(leaf), mutual, withCertificate("leaf"), &wrappers.BytesValue{Value: []byte{1, 2, 3}}},
	} {
		err := c.inspect(c.ctx, c.msg)
		if c.err == "" {
			assert.NoError(t, err, c.name)
		} else {
			assert.EqualError(t, err, c.err, c.name)
		}
	}
	assert.Panics(t, func() { comm.NewBindingInspector(true, nil) })
}
