// SPDX-License-Identifier: Apache-2.0

package gossipreplay

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/gossip/protoext"
	"github.com/hyperledger/fabric/protos/gossip"
)

// peers are whose receipts were recorded.
var peers = []string{"peer0.org1", "peer1.org1", "peer2.org1", "peer0.org2"}

// Stages of a connection at which an envelope arrived.
const (
	asServer = "handshake-as-server"
	asClient = "handshake-as-client"
	onStream = "stream"
)

// entry is one envelope that a peer received.
type entry struct {
	At       int64  `json:"at_ms"`
	Receiver string `json:"receiver"`
	SenderID string `json:"sender_pki_id"` // hex
	Stage    string `json:"stage"`
	Raw      []byte `json:"envelope"`

	sender  string // the peer's name; empty while it is not known
	message *gossip.SignedGossipMessage
}

// kind says what the message is, with its pull type if it has one.
func (e *entry) kind() string { return kindOf(e.message.GossipMessage) }

func kindOf(m *gossip.GossipMessage) string {
	kind := protoext.Kind(m)
	if pull := protoext.GetPullMsgType(m); pull != gossip.PullMsgType_UNDEFINED {
		kind += " " + strings.ToLower(strings.TrimSuffix(pull.String(), "_MSG"))
	}
	return kind
}

// recording is everything that was recorded, by receiver in order of receipt.
type recording struct {
	received map[string][]*entry
	// By PKI-ID in hex.
	names      map[string]string
	identities map[string]api.PeerIdentityType
}

// recorded reads the recording once. Its entries must not be changed.
func recorded(t testing.TB) *recording {
	t.Helper()
	r, err := load()
	require.NoError(t, err)
	return r
}

var load = sync.OnceValues(func() (*recording, error) {
	r := &recording{received: map[string][]*entry{}, names: map[string]string{}, identities: map[string]api.PeerIdentityType{}}
	for _, peer := range peers {
		if err := r.read(peer); err != nil {
			return nil, fmt.Errorf("%s: %w", peer, err)
		}
	}
	return r, r.name()
})

func (r *recording) read(peer string) error {
	file, err := os.Open("testdata/" + peer + ".jsonl.gz")
	if err != nil {
		return err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return err
	}
	for decoder := json.NewDecoder(unzipped); ; {
		e := &entry{}
		if err := decoder.Decode(e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		envelope := &gossip.Envelope{}
		if err := proto.Unmarshal(e.Raw, envelope); err != nil {
			return err
		}
		if e.message, err = protoext.EnvelopeToGossipMessage(envelope); err != nil {
			return err
		}
		r.received[peer] = append(r.received[peer], e)
	}
}

// name learns the peers' PKI-IDs and identities from their handshakes.
func (r *recording) name() error {
	for _, e := range r.all() {
		conn := e.message.GetConn()
		if conn == nil {
			continue
		}
		id := hex.EncodeToString(conn.PkiId)
		if known := r.identities[id]; known != nil && !bytes.Equal(known, conn.Identity) {
			return fmt.Errorf("%s has two identities", id)
		}
		r.identities[id] = conn.Identity
		r.names[id] = commonName(conn.Identity)
	}
	for _, e := range r.all() {
		e.sender = r.names[e.SenderID]
		if conn := e.message.GetConn(); conn != nil {
			e.sender = r.nameOf(conn.PkiId)
		}
		if e.sender == "" {
			return fmt.Errorf("a %s by nobody known", e.kind())
		}
	}
	return nil
}

func (r *recording) nameOf(id []byte) string { return r.names[hex.EncodeToString(id)] }

// identity is the one behind a PKI-ID; nil for an unknown one.
func (r *recording) identity(id []byte) api.PeerIdentityType {
	return r.identities[hex.EncodeToString(id)]
}

func (r *recording) all() []*entry {
	var all []*entry
	for _, peer := range peers {
		all = append(all, r.received[peer]...)
	}
	return all
}
