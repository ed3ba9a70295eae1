// SPDX-License-Identifier: Apache-2.0

package comm

import (
	"bytes"
	"context"
	"crypto/sha256"

	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// CertHashExtractor returns the TLS certificate hash that a message claims, or
// nil if it claims none.
type CertHashExtractor func(proto.Message) []byte

// BindingInspector checks a message received on ctx: an error means that it was
// not meant for the TLS connection it came over.
type BindingInspector func(context.Context, proto.Message) error

// NewBindingInspector returns an inspector that demands that the claimed hash
// is that of the sender's TLS certificate. Without mutual TLS there is nothing
// to compare with and only a missing message is refused. It panics without an
// extractor.
func NewBindingInspector(mutualTLS bool, extract CertHashExtractor) BindingInspector {
	if extract == nil {
		panic("comm: a binding inspector needs a function that extracts the claimed hash")
	}
	return func(ctx context.Context, msg proto.Message) error {
		if msg == nil {
			return errors.New("message is nil")
		}
		claimed := extract(msg)
		if !mutualTLS {
			return nil
		}
		return checkBinding(claimed, ExtractCertificateHashFromContext(ctx))
	}
}

func checkBinding(claimed, actual []byte) error {
	switch {
	case len(claimed) == 0:
		return errors.New("client didn't include its TLS cert hash")
	case len(actual) == 0:
		return errors.New("client didn't send a TLS certificate")
	case !bytes.Equal(claimed, actual):
		return errors.Errorf("claimed TLS cert hash is %v but actual TLS cert hash is %v", claimed, actual)
	}
	return nil
}

// ExtractCertificateHashFromContext returns the SHA-256 of what
// ExtractCertificateFromContext returns, or nil if that is nil.
func ExtractCertificateHashFromContext(ctx context.Context) []byte {
	der := ExtractCertificateFromContext(ctx)
	if len(der) == 0 {
		return nil
	}
	hash := sha256.Sum256(der)
	return hash[:]
}

// ExtractCertificateFromContext returns the DER of the TLS certificate that the
// other side of the call presented, or nil if there is none.
func ExtractCertificateFromContext(ctx context.Context) []byte {
	remote, ok := peer.FromContext(ctx)
	if !ok {
		return nil
	}
	info, ok := remote.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return nil
	}
	return info.State.PeerCertificates[0].Raw
}
