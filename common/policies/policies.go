// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"github.com/golang/protobuf/proto"

	cb "github.com/hyperledger/fabric/protos/common"
)

// Names of groups, and of the policies that code asks for by name.
const (
	// PathSeparator stands between the names in a policy path.
	PathSeparator = "/"

	// ChannelPrefix is the name of the root group in paths.
	ChannelPrefix = "Channel"

	// ApplicationPrefix is the name of the group of application organizations.
	ApplicationPrefix = "Application"

	// OrdererPrefix is the name of the group of ordering organizations.
	OrdererPrefix = "Orderer"

	channelPath     = PathSeparator + ChannelPrefix + PathSeparator
	applicationPath = channelPath + ApplicationPrefix + PathSeparator

	// ChannelReaders says who may ask an orderer for the channel's blocks.
	ChannelReaders = channelPath + "Readers"

	// ChannelWriters says who may send transactions to an orderer.
	ChannelWriters = channelPath + "Writers"

	// ChannelApplicationReaders says whose channel messages a peer believes.
	ChannelApplicationReaders = applicationPath + "Readers"

	// ChannelApplicationWriters says who may submit proposals to a peer.
	ChannelApplicationWriters = applicationPath + "Writers"

	// ChannelApplicationAdmins says who administers the application group.
	ChannelApplicationAdmins = applicationPath + "Admins"

	// BlockValidation says whose signatures make a block genuine.
	BlockValidation = channelPath + OrdererPrefix + PathSeparator + "BlockValidation"
)

// Policy decides whether a set of signatures suffices for something.
type Policy interface {
	// Evaluate returns nil if the set satisfies the policy, and otherwise an
	// error that says why not. The signatures are not verified by the caller
	// beforehand; a policy counts only those that it has verified.
	Evaluate(signatureSet []*cb.SignedData) error
}

// Manager gives access to the policies of a group and of all groups below it.
type Manager interface {
	// GetPolicy returns the policy with the given path, absolute ("/Channel/..."
	// seen from the root) or relative to this manager. The policy is never nil:
	// when the boolean is false it is one that rejects every signature set.
	GetPolicy(id string) (Policy, bool)

	// Manager returns the manager of the sub-group reached by path, this
	// manager itself for an empty path, and (nil, false) if there is none.
	Manager(path []string) (Manager, bool)
}

// Provider makes policies of one type from their serialized form.
type Provider interface {
	// NewPolicy returns the policy and the message it was made from.
	NewPolicy(data []byte) (Policy, proto.Message, error)
}

// ChannelPolicyManagerGetter finds the current policies of a channel.
type ChannelPolicyManagerGetter interface {
	// Manager returns the policy manager of a channel; the boolean is false
	// for a channel that is not known.
	Manager(channelID string) (Manager, bool)
}
