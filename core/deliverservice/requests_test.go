// SPDX-License-Identifier: Apache-2.0

package deliverclient

import (
	"crypto/sha256"
	"crypto/tls"
	"math"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/comm"
	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
	"github.com/stretchr/testify/assert"
)

// letterbox keeps the last envelope sent, and may know a certificate.
type letterbox struct {
	envelope *cb.Envelope
	err      error
}

func (l *letterbox) Send(envelope *cb.Envelope) error   { l.envelope = envelope; return l.err }
func (l *letterbox) Recv() (*ab.DeliverResponse, error) { panic("nothing to receive") }

type certifiedLetterbox struct {
	letterbox
	leaf []byte
}

func (l *certifiedLetterbox) clientCertificate() ([]byte, bool) { return l.leaf, true }

// rubberStamp signs without a key, and counts.
type rubberStamp struct {
	stamped int
	err     error
}

func (r *rubberStamp) NewSignatureHeader() (*cb.SignatureHeader, error) {
	return &cb.SignatureHeader{Creator: []byte("me"), Nonce: []byte{byte(r.stamped)}}, r.err
}

func (r *rubberStamp) Sign(message []byte) ([]byte, error) {
	r.stamped++
	digest := sha256.Sum256(message)
	return digest[:], r.err
}

type tallLedger struct {
	height uint64
	err    error
}

func (l tallLedger) LedgerHeight() (uint64, error) { return l.height, l.err }

// openSeek takes an envelope apart.
func openSeek(t *testing.T, envelope *cb.Envelope) (*cb.ChannelHeader, *ab.SeekInfo) {
	payload, channelHeader, seek := &cb.Payload{}, &cb.ChannelHeader{}, &ab.SeekInfo{}
	assert.NoError(t, proto.Unmarshal(envelope.Payload, payload))
	assert.NoError(t, proto.Unmarshal(payload.Header.ChannelHeader, channelHeader))
	assert.NoError(t, proto.Unmarshal(payload.Data, seek))
	digest := sha256.Sum256(envelope.Payload)
	assert.Equal(t, digest[:], envelope.Signature, "not the payload was signed")
	return channelHeader, seek
}

func TestRequestAsksForAllThatIsMissing(t *testing.T) {
	for height, start := range map[uint64]*ab.SeekPosition{
		0:              {Type: &ab.SeekPosition_Oldest{Oldest: &ab.SeekOldest{}}},
		1:              {Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: 1}}},
		math.MaxUint64: {Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: math.MaxUint64}}},
	} {
		box := &letterbox{}
		r := &blocksRequester{chainID: "ch", client: box, signer: &rubberStamp{}}
		assert.NoError(t, r.RequestBlocks(tallLedger{height: height}))
		channelHeader, seek := openSeek(t, box.envelope)
		want := &ab.SeekInfo{
			Start:    start,
			Stop:     &ab.SeekPosition{Type: &ab.SeekPosition_Specified{Specified: &ab.SeekSpecified{Number: math.MaxUint64}}},
			Behavior: ab.SeekInfo_BLOCK_UNTIL_READY,
		}
		assert.True(t, proto.Equal(want, seek), "height %d: %v", height, seek)
		assert.Equal(t, int32(5), channelHeader.Type)
		assert.Equal(t, "ch", channelHeader.ChannelId)
		assert.Empty(t, channelHeader.TlsCertHash)
		assert.NotNil(t, channelHeader.Timestamp)
	}
}

func TestRequestFails(t *testing.T) {
	for text, c := range map[string]struct {
		r      *blocksRequester
		ledger tallLedger
	}{
		"which block of channel ch is missing first: something odd": {
			&blocksRequester{chainID: "ch", client: &letterbox{}, signer: &rubberStamp{}}, tallLedger{err: errOdd}},
		"sign the request for blocks of channel ch: something odd": {
			&blocksRequester{chainID: "ch", client: &letterbox{}, signer: &rubberStamp{err: errOdd}}, tallLedger{}},
		"send the request for blocks of channel ch: something odd": {
			&blocksRequester{chainID: "ch", client: &letterbox{err: errOdd}, signer: &rubberStamp{}}, tallLedger{}},
	} {
		err := c.r.RequestBlocks(c.ledger)
		if assert.Error(t, err, text) {
			assert.Contains(t, err.Error(), text)
		}
	}
}

func TestEachRequestIsSignedAfresh(t *testing.T) {
	box, stamp := &letterbox{}, &rubberStamp{}
	r := &blocksRequester{chainID: "ch", client: box, signer: stamp}
	assert.NoError(t, r.RequestBlocks(tallLedger{height: 1}))
	first := box.envelope
	assert.NoError(t, r.RequestBlocks(tallLedger{height: 1}))
	assert.Equal(t, 2, stamp.stamped)
	assert.NotEqual(t, first.Payload, box.envelope.Payload, "nonce was used twice")
}

func TestRequestIsBoundToTheTLSCertificate(t *testing.T) {
	support := comm.GetCredentialSupport()
	defer support.SetClientCertificate(support.GetClientCertificate())
	chain := func(parts ...string) tls.Certificate {
		cert := tls.Certificate{}
		for _, part := range parts {
			cert.Certificate = append(cert.Certificate, []byte(part))
		}
		return cert
	}
	hash := func(leaf string) []byte {
		digest := sha256.Sum256([]byte(leaf))
		return digest[:]
	}
	certified := &certifiedLetterbox{leaf: []byte("of the connection")}
	unprotected := &certifiedLetterbox{}
	plain := &letterbox{}
	for _, c := range []struct {
		what string
		r    *blocksRequester
		box  *letterbox
		now  tls.Certificate
		want []byte
	}{
		{"no TLS", &blocksRequester{client: plain}, plain, chain("leaf"), nil},
		{"leaf only", &blocksRequester{tls: true, client: plain}, plain, chain("leaf", "ca"), hash("leaf")},
		{"no certificate", &blocksRequester{tls: true, client: plain}, plain, chain(), nil},
		{"replaced since connecting", &blocksRequester{tls: true, client: certified}, &certified.letterbox, chain("new"), hash("of the connection")},
		{"set since connecting", &blocksRequester{tls: true, client: unprotected}, &unprotected.letterbox, chain("new"), nil},
	} {
		support.SetClientCertificate(c.now)
		c.r.signer = &rubberStamp{}
		assert.NoError(t, c.r.seekOldest(), c.what)
		channelHeader, _ := openSeek(t, c.box.envelope)
		if len(c.want) == 0 {
			assert.Empty(t, channelHeader.TlsCertHash, c.what)
		} else {
			assert.Equal(t, c.want, channelHeader.TlsCertHash, c.what)
		}
	}
}
