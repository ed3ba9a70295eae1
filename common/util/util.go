// SPDX-License-Identifier: Apache-2.0

// Package util holds the small helpers that Fabric packages share: hashes,
// byte concatenation, timestamps and remote addresses. Only what this tree
// uses exists; each name means what it means in v1.3.0.
package util

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/golang/protobuf/ptypes/timestamp"
	"golang.org/x/crypto/sha3"
	"google.golang.org/grpc/peer"
)

// ComputeSHA256 returns the SHA-256 digest of data.
func ComputeSHA256(data []byte) []byte {
	digest := sha256.Sum256(data)
	return digest[:]
}

// ComputeSHA3256 returns the SHA3-256 digest of data.
func ComputeSHA3256(data []byte) []byte {
	digest := sha3.Sum256(data)
	return digest[:]
}

// ConcatenateBytes returns a fresh slice with all of data one after another.
func ConcatenateBytes(data ...[]byte) []byte {
	size := 0
	for _, part := range data {
		size += len(part)
	}
	joined := make([]byte, 0, size)
	for _, part := range data {
		joined = append(joined, part...)
	}
	return joined
}

// CreateUtcTimestamp returns the present time with its nanoseconds.
func CreateUtcTimestamp() *timestamp.Timestamp {
	now := time.Now().UTC()
	return &timestamp.Timestamp{Seconds: now.Unix(), Nanos: int32(now.Nanosecond())}
}

// GenerateUUID returns a random (version 4) UUID in its usual text form.
func GenerateUUID() string {
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		panic(fmt.Sprintf("no randomness for a UUID: %v", err))
	}
	id[6] = id[6]&0x0f | 0x40
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[0:4], id[4:6], id[6:8], id[8:10], id[10:])
}

// GetTestChainID is the channel that the sample material belongs to.
func GetTestChainID() string { return "testchainid" }

// GetTestOrgID is an organization that no real network has.
func GetTestOrgID() string { return "**TEST_ORGID**" }

// ExtractRemoteAddress returns the address of the gRPC peer of ctx, or "" when
// there is none.
func ExtractRemoteAddress(ctx context.Context) string {
	remote, ok := peer.FromContext(ctx)
	if !ok || remote.Addr == nil {
		return ""
	}
	return remote.Addr.String()
}
