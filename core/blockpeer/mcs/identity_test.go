// SPDX-License-Identifier: Apache-2.0

package mcs_test

import (
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/mcs"
	"github.com/hyperledger/fabric/gossip/api"
	"github.com/hyperledger/fabric/msp"
	mspproto "github.com/hyperledger/fabric/protos/msp"
)

// channelMSPs is a deserializers manager with one channel and no local MSP.
type channelMSPs struct{ channel *channel.Channel }

func (c channelMSPs) Deserialize(raw []byte) (*mspproto.SerializedIdentity, error) {
	sid := &mspproto.SerializedIdentity{}
	return sid, proto.Unmarshal(raw, sid)
}

func (c channelMSPs) GetLocalMSPIdentifier() string { return "" }

func (c channelMSPs) GetLocalDeserializer() msp.IdentityDeserializer { return nil }

func (c channelMSPs) GetChannelDeserializers() map[string]msp.IdentityDeserializer {
	return map[string]msp.IdentityDeserializer{c.channel.ID(): c.channel.MSPManager()}
}

func TestSignaturesOfChannelMembers(t *testing.T) {
	n := newNetwork(t)
	registry := &channel.Registry{}
	require.NoError(t, registry.Add(n.channel))
	m := mcs.New(registry, nil, channelMSPs{n.channel})
	advisor := mcs.NewSecurityAdvisor(channelMSPs{n.channel})

	identity := func(signer string) api.PeerIdentityType {
		raw, err := n.signers[signer].Serialize()
		require.NoError(t, err)
		return raw
	}
	message := []byte("message")
	verify := func(signer string) error {
		signature, err := n.signers[signer].Sign(message)
		require.NoError(t, err)
		return m.Verify(identity(signer), signature, message)
	}
	require.NoError(t, verify("PeersMSP"))
	require.ErrorContains(t, verify("OrdererOneMSP"), `"node.one.test" of MSP OrdererOneMSP does not satisfy policy /Channel/Application/Readers`)
	require.ErrorContains(t, verify("foreign"), "No MSP found able to do that")
	require.ErrorContains(t, m.Verify(identity("PeersMSP"), []byte("scribble"), message), "does not verify")

	require.NoError(t, m.ValidateIdentity(identity("OrdererOneMSP")))
	require.Error(t, m.ValidateIdentity(identity("foreign")))
	expires, err := m.Expiration(identity("PeersMSP"))
	require.NoError(t, err)
	require.Equal(t, n.signers["PeersMSP"].ExpiresAt(), expires)
	require.Equal(t, "PeersMSP", string(advisor.OrgByPeerIdentity(identity("PeersMSP"))))
	require.Nil(t, advisor.OrgByPeerIdentity(identity("foreign")))
}
