// SPDX-License-Identifier: Apache-2.0

package protoext

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/protos/gossip"
)

// LedgerHeight is how many blocks a peer says it has of a channel. The error
// means that it does not say.
func LedgerHeight(s *gossip.StateInfo) (uint64, error) {
	if s.GetProperties() == nil {
		return 0, errors.New("properties undefined")
	}
	return s.Properties.LedgerHeight, nil
}

// DigestHash is a name for what a private data request asks for: the SHA-256 of
// its encoding, in hexadecimal. It matches an answer to its question.
func DigestHash(d *gossip.PvtDataDigest) (string, error) {
	if d == nil {
		return "", errors.New("no digest")
	}
	raw, err := proto.Marshal(d)
	if err != nil {
		return "", errors.Wrap(err, "failed encoding the digest")
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

// FormattedDigests makes the digests of a pull message readable: identities are
// named by bytes, which become hexadecimal, anything else by text.
func FormattedDigests(kind gossip.PullMsgType, digests [][]byte) []string {
	texts := make([]string, 0, len(digests))
	for _, digest := range digests {
		if kind == gossip.PullMsgType_IDENTITY_MSG {
			texts = append(texts, hex.EncodeToString(digest))
		} else {
			texts = append(texts, string(digest))
		}
	}
	return texts
}
