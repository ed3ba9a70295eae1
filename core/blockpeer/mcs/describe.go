// SPDX-License-Identifier: Apache-2.0

package mcs

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strconv"

	"github.com/golang/protobuf/proto"
	"go.uber.org/zap/zapcore"

	mspproto "github.com/hyperledger/fabric/protos/msp"
)

const debugLevel = zapcore.DebugLevel

// describeIdentity names a serialized identity for people: MSP and the common
// name in its certificate. It is meant for errors, being slow, and accepts
// arbitrary bytes.
func describeIdentity(raw []byte) string {
	if len(raw) == 0 {
		return "an empty identity"
	}
	sid := &mspproto.SerializedIdentity{}
	if err := proto.Unmarshal(raw, sid); err != nil {
		return fmt.Sprintf("an undecodable identity of %d bytes", len(raw))
	}
	return fmt.Sprintf("%s of MSP %s", describeCertificate(sid.IdBytes), printable([]byte(sid.Mspid)))
}

func describeCertificate(encoded []byte) string {
	block, _ := pem.Decode(encoded)
	if block == nil {
		return "somebody without certificate"
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "somebody with an unreadable certificate"
	}
	return strconv.Quote(shorten(certificate.Subject.CommonName))
}

// printable makes a name that a remote chose fit for logs.
func printable(name []byte) string {
	quoted := strconv.Quote(shorten(string(name)))
	return quoted[1 : len(quoted)-1]
}

func shorten(s string) string {
	const enough = 100
	if len(s) <= enough {
		return s
	}
	return s[:enough] + "..."
}

// describeHash renders a hash that a remote sent, whatever its length.
func describeHash(hash []byte) string {
	if len(hash) == 0 {
		return "nothing"
	}
	const enough = 32
	if len(hash) > enough {
		return fmt.Sprintf("%x... (%d bytes)", hash[:enough], len(hash))
	}
	return fmt.Sprintf("%x", hash)
}
