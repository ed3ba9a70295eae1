// SPDX-License-Identifier: Apache-2.0

package blocksprovider

import (
	"bytes"
	"encoding/hex"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hyperledger/fabric/core/deliverservice/mocks"
	gproto "github.com/hyperledger/fabric/protos/gossip"

	cb "github.com/hyperledger/fabric/protos/common"
	ab "github.com/hyperledger/fabric/protos/orderer"
)

// What other packages pass in must keep fitting.
var (
	_ BlocksDeliverer      = ab.AtomicBroadcast_DeliverClient(nil)
	_ streamClient         = (*mocks.MockBlocksDeliverer)(nil)
	_ GossipServiceAdapter = (*mocks.MockGossipServiceAdapter)(nil)
	_ LedgerInfo           = (*mocks.MockLedgerInfo)(nil)
	_ BlocksProvider       = (*blocksProviderImpl)(nil)
)

func TestBlocksGoThroughInOrder(t *testing.T) {
	b := newBench(giveBlock(bareBlock(3)), giveBlock(bareBlock(4)))
	b.start()
	b.stop(t, 3)
	b.wrote(t,
		"recv", "verify 3", "add 3", "gossip 3",
		"recv", "verify 4", "add 4", "gossip 4",
		"recv", "close", "close")
}

func TestWhatIsHandedOn(t *testing.T) {
	block := endorserChain(1)[0]
	b := newBench(giveBlock(block))
	var added *gproto.Payload
	var gossiped *gproto.GossipMessage
	var verified []byte
	b.crypto.onVerify = func(_ uint64, raw []byte) error { verified = raw; return nil }
	b.gossip.onAdd = func(p *gproto.Payload) error { added = p; return nil }
	b.gossip.onGossip = func(m *gproto.GossipMessage) { gossiped = m }
	b.start()
	b.stop(t, 2)

	if !bytes.Equal(verified, encode(block)) {
		t.Error("VerifyBlock did not get the marshaled block")
	}
	if !bytes.Equal(added.Data, verified) || added.SeqNum != 0 || added.PrivateData != nil {
		t.Errorf("payload is %v", added)
	}
	if gossiped.GetDataMsg().Payload != added {
		t.Error("the message does not carry the payload that was added")
	}
	short := &gproto.GossipMessage{Tag: gossiped.Tag, Nonce: gossiped.Nonce, Channel: gossiped.Channel,
		Content: &gproto.GossipMessage_DataMsg{DataMsg: &gproto.DataMessage{Payload: &gproto.Payload{SeqNum: 7, Data: []byte{0xAB}}}}}
	// channel=2 "ch", tag=3 CHAN_AND_ORG=4, data_msg=8{payload=1{seq_num=1:7, data=2}}
	if got := hex.EncodeToString(encode(short)); got != "12026368"+"1804"+"42070a05"+"0807"+"1201ab" {
		t.Errorf("gossip message is %s", got)
	}
}

func TestReceiveErrorEndsDelivery(t *testing.T) {
	b := newBench(func() (*ab.DeliverResponse, error) { return nil, errors.New("orderer is gone") })
	b.start()
	b.end(t)
	b.wrote(t, "recv", "close")
}

func TestSuccessEndsDelivery(t *testing.T) {
	b := newBench(giveStatus(cb.Status_SUCCESS), giveBlock(bareBlock(0)))
	b.start()
	b.end(t)
	b.wrote(t, "recv", "close")
}

// The provider that stand-ins build by hand has neither crypto nor threshold.
func TestLiteralWithoutCryptoOrThreshold(t *testing.T) {
	d := &diary{}
	p := &blocksProviderImpl{chainID: "ch", client: newScriptedClient(d, giveStatus(cb.Status_FORBIDDEN)), gossip: &gossipStub{diary: d}}
	p.DeliverBlocks()
	if got := d.read(); got != "recv, close" {
		t.Errorf("got %s", got)
	}
}

func TestStatusesLeaveTheStream(t *testing.T) {
	defer shortRests()()
	for status, disable := range map[cb.Status]string{
		cb.Status_UNKNOWN:                  "true",
		cb.Status_BAD_REQUEST:              "false",
		cb.Status_FORBIDDEN:                "true",
		cb.Status_NOT_FOUND:                "true",
		cb.Status_REQUEST_ENTITY_TOO_LARGE: "true",
		cb.Status_INTERNAL_SERVER_ERROR:    "true",
		cb.Status_NOT_IMPLEMENTED:          "true",
		cb.Status_SERVICE_UNAVAILABLE:      "true",
		cb.Status(12345):                   "true",
	} {
		b := newBench(giveStatus(status), giveBlock(bareBlock(0)))
		b.start()
		b.stop(t, 3)
		b.wrote(t, "recv", "disconnect "+disable, "recv", "verify 0", "add 0", "gossip 0", "recv", "close", "close")
	}
}

func TestEleventhRefusalEndsDelivery(t *testing.T) {
	defer shortRests()()
	var script []func() (*ab.DeliverResponse, error)
	for i := 0; i < 20; i++ {
		script = append(script, giveStatus([]cb.Status{cb.Status_BAD_REQUEST, cb.Status_FORBIDDEN}[i%2]))
	}
	b := newBench(script...)
	b.start()
	b.end(t)
	if recvs, disconnects := b.diary.count("recv"), b.diary.count("disconnect"); recvs != 11 || disconnects != 10 {
		t.Errorf("%d receives, %d disconnects", recvs, disconnects)
	}
}

func TestRefusalsCountOnlyInARow(t *testing.T) {
	defer shortRests()()
	for name, between := range map[string]func() (*ab.DeliverResponse, error){
		"block":  giveBlock(bareBlock(5)),
		"status": giveStatus(cb.Status_SERVICE_UNAVAILABLE),
	} {
		var script []func() (*ab.DeliverResponse, error)
		for i := 0; i < 4; i++ {
			for k := 0; k < 3; k++ {
				script = append(script, giveStatus(cb.Status_BAD_REQUEST))
			}
			script = append(script, between)
		}
		b := newBench(script...)
		b.provider.wrongStatusThreshold = 3
		b.start()
		b.diary.await(t, "recv", len(script)+1)
		b.provider.Stop()
		b.end(t)
		if n := b.diary.count("disconnect false"); n != 12 {
			t.Errorf("%s: %d disconnects", name, n)
		}
	}
}

// The counters of the exported mocks are compared while a Gossip call is
// pending: nothing may have been received ahead.
func TestNothingIsReceivedAhead(t *testing.T) {
	gossip := &mocks.MockGossipServiceAdapter{GossipBlockDisseminations: make(chan uint64)}
	client := &mocks.MockBlocksDeliverer{Pos: 5, MockRecv: mocks.MockRecv}
	p := NewBlocksProvider("ch", client, gossip, &cryptoStub{diary: &diary{}})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		p.DeliverBlocks()
	}()
	for n := uint64(5); n < 25; n++ {
		if got := <-gossip.GossipBlockDisseminations; got != n {
			t.Fatalf("got block %d, want %d", got, n)
		}
		// At this moment the provider is between this Gossip and the next.
		added, received := atomic.LoadInt32(&gossip.AddPayloadsCnt), atomic.LoadInt32(&client.RecvCnt)
		if received < added || received > added+1 {
			t.Fatalf("%d received, %d added", received, added)
		}
	}
	p.Stop()
	for running := true; running; {
		select {
		case <-gossip.GossipBlockDisseminations: // one that was past its check
		case <-ended:
			running = false
		}
	}
	if client.RecvCnt != gossip.AddPayloadsCnt {
		t.Errorf("%d received, %d added", client.RecvCnt, gossip.AddPayloadsCnt)
	}
}

func TestReceiveWaitsForGossip(t *testing.T) {
	b := newBench(giveBlock(bareBlock(0)), giveBlock(bareBlock(1)))
	release := make(chan struct{})
	b.gossip.onGossip = func(*gproto.GossipMessage) { <-release }
	b.start()
	for n := 1; n <= 2; n++ {
		b.diary.await(t, "gossip", n)
		if got := b.diary.count("recv"); got != n {
			t.Fatalf("%d receives while block %d is being gossiped", got, n)
		}
		release <- struct{}{}
	}
	b.stop(t, 3)
}

func TestBadBlockCostsOnlyItsStream(t *testing.T) {
	defer shortRests()()
	b := newBench(giveBlock(bareBlock(4)), giveBlock(bareBlock(5)), giveBlock(bareBlock(5)))
	bad := true
	b.crypto.onVerify = func(number uint64, _ []byte) error {
		if number == 5 && bad {
			bad = false
			return errors.New("signature is no good")
		}
		return nil
	}
	b.start()
	b.stop(t, 4)
	b.wrote(t,
		"recv", "verify 4", "add 4", "gossip 4",
		"recv", "verify 5", "disconnect true",
		"recv", "verify 5", "add 5", "gossip 5",
		"recv", "close", "close")
}

// The tree's mocks are built without channels where no disconnect is expected.
func TestBadBlockWithMocks(t *testing.T) {
	defer shortRests()()
	gossip := &mocks.MockGossipServiceAdapter{GossipBlockDisseminations: make(chan uint64)}
	client := &mocks.MockBlocksDeliverer{}
	client.MockRecv = func(mock *mocks.MockBlocksDeliverer) (*ab.DeliverResponse, error) {
		if atomic.LoadInt32(&mock.RecvCnt) > 1 {
			return giveStatus(cb.Status_SUCCESS)()
		}
		return mocks.MockRecv(mock)
	}
	crypto := &cryptoStub{diary: &diary{}, onVerify: func(uint64, []byte) error { return errors.New("no") }}
	p := NewBlocksProvider("ch", client, gossip, crypto)
	p.DeliverBlocks() // a Gossip call would block for ever
	if client.RecvCnt != 2 || gossip.AddPayloadsCnt != 0 {
		t.Errorf("%d received, %d added", client.RecvCnt, gossip.AddPayloadsCnt)
	}
}

func TestStopBeforeStart(t *testing.T) {
	b := newBench(giveBlock(bareBlock(0)))
	b.provider.Stop()
	b.start()
	b.end(t)
	b.wrote(t, "close", "close")
}

func TestStopFromInsideReceive(t *testing.T) {
	b := newBench()
	b.client.script = []func() (*ab.DeliverResponse, error){func() (*ab.DeliverResponse, error) {
		b.provider.Stop()
		return blockResponse(bareBlock(9)), nil
	}}
	b.start()
	b.end(t)
	// What was received is kept, and what Stop came before is left out.
	b.wrote(t, "recv", "close", "verify 9", "add 9", "close")
}

func TestStopWhileGossiping(t *testing.T) {
	b := newBench(giveBlock(bareBlock(0)), giveBlock(bareBlock(1)))
	release := make(chan struct{})
	b.gossip.onGossip = func(*gproto.GossipMessage) { <-release }
	b.start()
	b.diary.await(t, "gossip", 1)
	b.provider.Stop()
	b.provider.Stop()
	close(release)
	b.end(t)
	b.wrote(t, "recv", "verify 0", "add 0", "gossip 0", "close", "close", "close")
}

func TestStopEndsRest(t *testing.T) {
	before := maxRetryDelay
	defer func() { maxRetryDelay = before }()
	maxRetryDelay = time.Hour
	var script []func() (*ab.DeliverResponse, error)
	for i := 0; i < 3; i++ {
		script = append(script, giveStatus(cb.Status_NOT_FOUND))
	}
	b := newBench(append(script, giveStatus(cb.Status_FORBIDDEN))...)
	b.start()
	b.diary.await(t, "recv", 3)
	b.provider.Stop()
	b.end(t)
	if n := b.diary.count("close"); n != 2 {
		t.Errorf("closed %d times", n)
	}
}

func TestUpdateOfEndpoints(t *testing.T) {
	for _, tc := range []struct {
		old, new []string
		changes  bool
	}{
		{[]string{"a", "b"}, []string{"a", "b"}, false},
		{[]string{"a", "b"}, []string{"b", "a"}, false},
		{[]string{"a", "b"}, []string{"a", "a"}, false}, // as in v1.3.0
		{[]string{"a", "a"}, []string{"a", "b"}, true},
		{[]string{"a"}, []string{"a", "b"}, true},
		{[]string{"a", "b"}, []string{"b"}, true},
		{[]string{"a"}, []string{"b"}, true},
		{nil, []string{"a"}, true},
		{nil, nil, false},
		{[]string{"a"}, nil, false},
		{[]string{"a"}, []string{}, false},
	} {
		b := newBench()
		b.client.endpoints = tc.old
		b.provider.UpdateOrderingEndpoints(tc.new)
		if b.diary.read() == "" == tc.changes {
			t.Errorf("%v to %v: %q", tc.old, tc.new, b.diary.read())
		}
		if tc.changes && (b.diary.count("endpoints") != 1 || b.diary.entries[1] != "disconnect false") {
			t.Errorf("%v to %v: %s", tc.old, tc.new, b.diary.read())
		}
	}
}

func TestDefaults(t *testing.T) {
	p := NewBlocksProvider("ch", newScriptedClient(&diary{}), nil, nil).(*blocksProviderImpl)
	if p.wrongStatusThreshold != 10 || wrongStatusThreshold != 10 {
		t.Errorf("threshold is %d", p.wrongStatusThreshold)
	}
}
