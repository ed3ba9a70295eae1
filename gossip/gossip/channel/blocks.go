// SPDX-License-Identifier: Apache-2.0

package channel

import (
	"bytes"
	"sort"
	"strconv"

	pb "github.com/golang/protobuf/proto"
	"github.com/pkg/errors"

	"github.com/hyperledger/fabric/gossip/comm"
	"github.com/hyperledger/fabric/gossip/common"
	"github.com/hyperledger/fabric/gossip/gossip/pull"
	"github.com/hyperledger/fabric/gossip/observe"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	proto "github.com/hyperledger/fabric/protos/gossip"
)

// maxDigestItems is how many items of one message are looked at for who holds
// what; a store has far fewer.
const maxDigestItems = 1 << 12

// maxPadding is how many bytes a message may have beside its block and channel,
// which in v1.3.0's are a few numbers; later releases may add some.
const maxPadding = 1 << 10

// handleBlock takes in a block that was pushed. Any organization of the channel
// may do so: the block speaks for itself.
func (gc *gossipChannel) handleBlock(msg proto.ReceivedMessage) {
	block, refused := gc.takeBlock(msg.GetGossipMessage())
	if refused != nil {
		if refused.reason == reasonHere {
			gc.noteHolder(senderOf(msg), msg.GetGossipMessage().GetDataMsg().Payload.SeqNum)
		}
		gc.turnDownBlock(msg, refused)
		return
	}
	gc.verified(msg, "block")
	gc.fetcher.seen(seqOf(block))
	gc.noteHolder(senderOf(msg), seqOf(block))
	gc.Forward(msg)
	gc.DeMultiplex(block)
}

// takeBlock verifies a block that is not here and keeps it. It returns the
// block as it is kept, or why it is not.
func (gc *gossipChannel) takeBlock(message *proto.SignedGossipMessage) (*proto.SignedGossipMessage, *refusal) {
	payload := message.GetDataMsg().Payload
	if !gc.blocks.wants(payload.SeqNum) {
		return nil, refuse(reasonHere, nil)
	}
	// Private data travels by itself, and nothing here could verify it. A block
	// with some that nobody can make sense of would take the place of the block
	// as it is.
	if len(payload.PrivateData) > 0 {
		return nil, refuse(reasonPrivateData, nil)
	}
	// Nothing verifies what stands beside the block in its message either. It
	// would be kept and passed on with it, and push other blocks out.
	if padding := len(message.Envelope.GetPayload()) - len(payload.Data); padding > len(gc.chainID)+maxPadding {
		return nil, refuse(reasonPadding, errors.Errorf("%d bytes beside the block", padding))
	}
	if err := gc.mcs.VerifyBlock(gc.chainID, payload.SeqNum, payload.Data); err != nil {
		return nil, refuse(reasonBlock, err)
	}
	if err := checkBoundaries(payload.Data); err != nil {
		return nil, refuse(reasonBoundaries, err)
	}
	block := withSharedBytes(message)
	if !gc.blocks.Add(block) {
		return nil, refuse(reasonHere, nil) // it came another way meanwhile
	}
	return block, nil
}

// checkBoundaries checks of a block that verified what its signatures do not
// cover. Data that is no block at all is left to those who find it verifies.
func checkBoundaries(data []byte) error {
	block, err := protoext.UnmarshalBlock(data)
	if err == nil {
		return protoext.CheckTransactionBoundaries(block)
	}
	// Others may be able to decode what the strict decoder refuses.
	lenient := &cb.Block{}
	if pb.Unmarshal(data, lenient) == nil && lenient.Header != nil {
		return errors.Wrap(err, "no orderer encodes a block like this")
	}
	return nil
}

func (gc *gossipChannel) turnDownBlock(msg proto.ReceivedMessage, refused *refusal) {
	if refused.reason == reasonHere {
		gc.observe(observe.Dropped, msg, refused)
		return
	}
	gc.reject(msg, refused)
}

// noteHolder notes that a peer has shown to have blocks.
func (gc *gossipChannel) noteHolder(peer common.PKIidType, numbers ...uint64) {
	if len(numbers) > 0 && !sameMember(peer, gc.pkiID) && gc.isOwnOrg(peer) {
		gc.fetcher.shown(string(peer), numbers...)
	}
}

// newPuller starts the periodic pull of blocks.
func (gc *gossipChannel) newPuller() pull.Mediator {
	mediator := pull.NewPullMediator(pull.Config{
		ID:                gc.conf.ID,
		PullInterval:      gc.conf.PullInterval,
		Channel:           gc.chainID,
		PeerCountToSelect: gc.conf.PullPeerNum,
		Tag:               proto.GossipMessage_CHAN_AND_ORG,
		MsgType:           proto.PullMsgType_BLOCK_MSG,
	}, &pull.PullAdapter{
		Sndr:             pullSender{gc},
		MemSvc:           pullMembers{gc},
		IdExtractor:      func(block *proto.SignedGossipMessage) string { return digestOf(seqOf(block)) },
		MsgCons:          func(*proto.SignedGossipMessage) {}, // updates are handled here
		IngressDigFilter: gc.wantedDigest,
	})
	if observed, ok := mediator.(interface{ Hook() *observe.Hook }); ok {
		observed.Hook().Set(&gc.hook)
	}
	return mediator
}

// pullSender sends for the puller, but not once the channel was left.
type pullSender struct{ *gossipChannel }

func (gc pullSender) Send(message *proto.SignedGossipMessage, peers ...*comm.RemotePeer) {
	if !gc.hasLeftChannel() && !gc.stopped() {
		gc.gossipChannel.Send(message, peers...)
	}
}

// handlePull takes part in pulls of peers of the own organization that have
// shown that they may have the channel's blocks.
func (gc *gossipChannel) handlePull(msg proto.ReceivedMessage) {
	sender := senderOf(msg)
	switch {
	case gc.hasLeftChannel():
		gc.drop(msg, reasonLeft)
		return
	case !gc.isOwnOrg(sender):
		gc.reject(msg, refuse(reasonForeignOrg, nil))
		return
	case gc.eligible(sender) == nil:
		gc.reject(msg, refuse(reasonIneligible, nil))
		return
	}
	switch content := msg.GetGossipMessage().Content.(type) {
	case *proto.GossipMessage_DataUpdate:
		gc.handleUpdate(content.DataUpdate, msg)
	case *proto.GossipMessage_DataDig:
		gc.handleDigest(content.DataDig, msg)
	case *proto.GossipMessage_DataReq:
		gc.blocksPuller.HandleMessage(msg)
		gc.noteServed(sender, content.DataReq)
	default:
		gc.blocksPuller.HandleMessage(msg)
	}
}

// noteServed notes that a peer that requests blocks will have them.
func (gc *gossipChannel) noteServed(peer common.PKIidType, request *proto.DataRequest) {
	var numbers []uint64
	for _, number := range numbersOf(request.Digests) {
		if gc.blocks.has(number) {
			numbers = append(numbers, number)
		}
	}
	gc.noteHolder(peer, numbers...)
}

// numbersOf are the block numbers in a digest, up to a bound, without what is
// none.
func numbersOf(digests [][]byte) []uint64 {
	if len(digests) > maxDigestItems {
		digests = digests[:maxDigestItems]
	}
	numbers := make([]uint64, 0, len(digests))
	for _, digest := range digests {
		if number, err := strconv.ParseUint(string(digest), 10, 64); err == nil {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// handleDigest is told what a peer has, either for the puller or in a
// conversation of the fetcher.
func (gc *gossipChannel) handleDigest(digest *proto.DataDigest, msg proto.ReceivedMessage) {
	for _, item := range digest.Digests {
		if _, err := strconv.ParseUint(string(item), 10, 64); err != nil {
			gc.reject(msg, refuse(reasonDigest, err))
			break // once for all items like that
		}
	}
	sender, numbers := senderOf(msg), numbersOf(digest.Digests)
	gc.noteHolder(sender, numbers...)
	if !gc.fetcher.digest(sender, digest.Nonce, numbers) {
		gc.blocksPuller.HandleMessage(msg)
	}
}

// wantedDigest is the part of a digest that is to be pulled: what is neither in
// the ledger nor here, and would be kept.
func (gc *gossipChannel) wantedDigest(digest *proto.DataDigest) *proto.DataDigest {
	wanted := &proto.DataDigest{Nonce: digest.Nonce, MsgType: digest.MsgType}
	height := gc.own.ledgerHeight()
	for _, item := range digest.Digests {
		number, err := strconv.ParseUint(string(item), 10, 64)
		if err == nil && number >= height && gc.blocks.wants(number) {
			wanted.Digests = append(wanted.Digests, item)
		}
	}
	return wanted
}

// handleUpdate takes in blocks that were pulled, whoever asked for them: for the
// puller they are in its engine's state once they are stored. They are not
// forwarded. Whom push missed, by a lost connection or a full queue, has missed
// it alone as a rule, and its neighbours have the block from theirs; forwarding
// would bring each of them a copy too many. If push did end here, as when all
// its ways into a part of the network led through this peer, then the peers
// behind notice the gap by the next block that comes through, or by the height
// published here, and fetch the one block themselves: one copy each, later by no
// more than the grace.
func (gc *gossipChannel) handleUpdate(update *proto.DataUpdate, msg proto.ReceivedMessage) {
	sender := senderOf(msg)
	for _, block := range gc.blocksIn(update, msg) {
		gc.noteHolder(sender, seqOf(block))
		block, refused := gc.takeBlock(block)
		if refused != nil {
			gc.turnDownBlock(msg, refused)
			continue
		}
		gc.verified(msg, "block")
		gc.fetcher.seen(seqOf(block))
		gc.DeMultiplex(block)
	}
	gc.fetcher.update(sender, update.Nonce)
}

// blocksIn decodes the blocks of an update and returns them by number. What is
// no block of this channel is passed over; but if an update begins with such a
// thing, which no sound peer would have stored, nothing of it is believed, as in
// v1.3.0. The blocks will come from somebody else.
func (gc *gossipChannel) blocksIn(update *proto.DataUpdate, msg proto.ReceivedMessage) []*proto.SignedGossipMessage {
	var blocks []*proto.SignedGossipMessage
	for i, envelope := range update.Data {
		block, refused := gc.decodeBlock(envelope)
		switch {
		case refused == nil:
			blocks = append(blocks, block)
			continue
		default:
			gc.reject(msg, refused)
		}
		if i == 0 {
			return nil
		}
	}
	sort.SliceStable(blocks, func(i, j int) bool { return seqOf(blocks[i]) < seqOf(blocks[j]) })
	return blocks
}

func (gc *gossipChannel) decodeBlock(envelope *proto.Envelope) (*proto.SignedGossipMessage, *refusal) {
	block, err := protoext.EnvelopeToGossipMessage(envelope)
	if err != nil {
		return nil, refuse(reasonShape, err)
	}
	if err := protoext.CheckShape(block.GossipMessage); err != nil {
		return nil, refuse(reasonShape, err)
	}
	if !protoext.IsDataMsg(block.GossipMessage) {
		return nil, refuse(reasonShape, errors.Errorf("a %s among blocks", protoext.Kind(block.GossipMessage)))
	}
	if !bytes.Equal(block.Channel, gc.chainID) {
		return nil, refuse(reasonChannel, nil)
	}
	return block, nil
}
