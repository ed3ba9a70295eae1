// SPDX-License-Identifier: Apache-2.0

package orderer

import (
	"fmt"
	"time"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/common/policies"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/gossip/protoext"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

// refused is why a message was not taken. Its text goes back to the client.
type refused struct {
	status cb.Status
	reason error
}

func (r *refused) Error() string { return r.reason.Error() }

func refuse(status cb.Status, format string, args ...any) *refused {
	return &refused{status: status, reason: fmt.Errorf(format, args...)}
}

// message is what admission passes on to ordering.
type message struct {
	// submitted is the envelope as the client sent it: the transaction itself,
	// or the config update that leads to a new configuration.
	submitted *cb.Envelope
	// entry is what goes into the block.
	entry []byte
	// config says that entry is a configuration.
	config bool
	// sequence is the configuration under which the message was judged. If the
	// channel has moved on by the time it is ordered, it is judged again.
	sequence uint64
}

// admission decides which messages a channel takes. It holds no state of its
// own and may be used from any goroutine.
type admission struct {
	channel *channel.Channel
	signer  crypto.LocalSigner
	now     func() time.Time
}

// kind sorts a message by its channel header, before the channel is looked at.
func (a *admission) kind(envelope *cb.Envelope) (config bool, r *refused) {
	header, err := utils.ChannelHeader(envelope)
	if err != nil {
		return false, refuse(cb.Status_BAD_REQUEST, "cannot determine the channel: %w", err)
	}
	switch cb.HeaderType(header.Type) {
	case cb.HeaderType_CONFIG_UPDATE:
		config = true
	case cb.HeaderType_CONFIG, cb.HeaderType_ORDERER_TRANSACTION:
		return false, refuse(cb.Status_BAD_REQUEST, "a message of type %s cannot be submitted: it is made by the ordering service", cb.HeaderType(header.Type))
	}
	if header.ChannelId == a.channel.ID() {
		return config, nil
	}
	if config {
		return config, refuse(cb.Status_BAD_REQUEST, "channel %q does not exist and this orderer creates none: it serves channel %s only", header.ChannelId, a.channel.ID())
	}
	return config, refuse(cb.Status_NOT_FOUND, "channel %q does not exist: this orderer serves channel %s only", header.ChannelId, a.channel.ID())
}

// judge admits a message under the channel's current configuration.
func (a *admission) judge(envelope *cb.Envelope, config bool) (*message, *refused) {
	// Taken first: if the configuration changes from here on, ordering notices.
	m := &message{submitted: envelope, config: config, sequence: a.channel.Sequence()}
	rules := a.channel.Bundle()
	if r := a.filter(rules, envelope); r != nil {
		return nil, r
	}
	if config {
		next, r := a.propose(rules, envelope)
		if r != nil {
			return nil, r
		}
		envelope = next
	}
	// Encoded anew from the two known fields: anything else a client put into
	// the envelope would make a block that peers refuse.
	entry, err := proto.Marshal(&cb.Envelope{Payload: envelope.Payload, Signature: envelope.Signature})
	if err != nil {
		return nil, refuse(cb.Status_BAD_REQUEST, "cannot encode the message: %w", err)
	}
	if protoext.IsConfigBlock(&cb.Block{Data: &cb.BlockData{Data: [][]byte{entry}}}) != config {
		return nil, refuse(cb.Status_BAD_REQUEST, "the message's type is ambiguous")
	}
	m.entry = entry
	return m, nil
}

// filter applies what holds for every message, in v1.3.0's order.
func (a *admission) filter(rules channelconfig.Resources, envelope *cb.Envelope) *refused {
	orderer, ok := rules.OrdererConfig()
	if !ok {
		return refuse(cb.Status_SERVICE_UNAVAILABLE, "channel %s has no orderer section", a.channel.ID())
	}
	if len(envelope.GetPayload()) == 0 {
		return refuse(cb.Status_BAD_REQUEST, "message payload is empty")
	}
	signed, err := utils.EnvelopeAsSignedData(envelope)
	if err != nil {
		return refuse(cb.Status_BAD_REQUEST, "cannot tell who signed the message: %w", err)
	}
	if orderer.Capabilities().ExpirationCheck() {
		if expiry := crypto.ExpiresAt(signed[0].Identity); !expiry.IsZero() && a.now().After(expiry) {
			return refuse(cb.Status_BAD_REQUEST, "the identity that signed the message expired at %s", expiry.UTC().Format(time.RFC3339))
		}
	}
	size, limit := uint64(len(envelope.Payload))+uint64(len(envelope.Signature)), uint64(orderer.BatchSize().AbsoluteMaxBytes)
	if size > limit {
		return refuse(cb.Status_BAD_REQUEST, "message of %d bytes exceeds the channel's maximum of %d", size, limit)
	}
	if err := evaluate(rules.PolicyManager(), policies.ChannelWriters, signed); err != nil {
		return refuse(cb.Status_FORBIDDEN, "%w", err)
	}
	if len(envelope.Signature) == 0 {
		// Only a policy that demands no signature comes this far; peers demand one.
		return refuse(cb.Status_BAD_REQUEST, "the message is not signed")
	}
	return nil
}

// propose turns a config update into the envelope of the configuration that it
// leads to, signed by this orderer. The update's own signatures are judged by
// the mod_policies of what it changes.
func (a *admission) propose(rules channelconfig.Resources, update *cb.Envelope) (*cb.Envelope, *refused) {
	proposal, err := rules.ConfigtxValidator().ProposeConfigUpdate(update)
	if err != nil {
		return nil, refuse(cb.Status_BAD_REQUEST, "config update is not acceptable: %w", err)
	}
	next, err := channelconfig.NewBundle(a.channel.ID(), proposal.GetConfig())
	if err != nil {
		return nil, refuse(cb.Status_BAD_REQUEST, "config update leads to an invalid configuration: %w", err)
	}
	if err := supported(next); err != nil {
		return nil, refuse(cb.Status_BAD_REQUEST, "config update asks for what this orderer does not have: %w", err)
	}
	if err := rules.ValidateNew(next); err != nil {
		return nil, refuse(cb.Status_BAD_REQUEST, "config update changes what must not change: %w", err)
	}
	envelope, err := utils.CreateSignedEnvelope(cb.HeaderType_CONFIG, a.channel.ID(), a.signer, proposal, 0, 0)
	if err != nil {
		return nil, refuse(cb.Status_SERVICE_UNAVAILABLE, "cannot sign the new configuration: %w", err)
	}
	// The result is a message like any other: it may have become too large, or
	// this orderer may not be a writer.
	if r := a.filter(rules, envelope); r != nil {
		return nil, &refused{r.status, fmt.Errorf("the resulting configuration is not acceptable: %w", r.reason)}
	}
	return envelope, nil
}

// supported tells whether this orderer implements what a configuration asks of
// the channel and of orderers.
func supported(rules channelconfig.Resources) error {
	orderer, ok := rules.OrdererConfig()
	if !ok {
		return fmt.Errorf("the orderer section is missing")
	}
	if err := orderer.Capabilities().Supported(); err != nil {
		return err
	}
	return rules.ChannelConfig().Capabilities().Supported()
}

// evaluate judges signatures by a policy of the channel.
func evaluate(manager policies.Manager, name string, signed []*cb.SignedData) error {
	policy, ok := manager.GetPolicy(name)
	if !ok {
		return fmt.Errorf("the channel has no policy %s", name)
	}
	if err := policy.Evaluate(signed); err != nil {
		return fmt.Errorf("policy %s: %w", name, err)
	}
	return nil
}
