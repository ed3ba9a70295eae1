// SPDX-License-Identifier: Apache-2.0

package capabilities_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/hyperledger/fabric/common/capabilities"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

func names(list ...string) map[string]*cb.Capability {
	set := map[string]*cb.Capability{}
	for _, name := range list {
		set[name] = nil // what a name maps to must not matter
	}
	return set
}

func TestChannelMSPVersion(t *testing.T) {
	for _, c := range []struct {
		present []string
		want    msp.MSPVersion
	}{
		{nil, msp.MSPv1_0},
		{[]string{"V1_1"}, msp.MSPv1_1},
		{[]string{"V1_3"}, msp.MSPv1_3},
		{[]string{"V1_3", "V1_1"}, msp.MSPv1_3},
		{[]string{"V1_2"}, msp.MSPv1_0},
	} {
		assert.Equal(t, c.want, capabilities.NewChannelProvider(names(c.present...)).MSPVersion(), "%v", c.present)
	}
}

func TestSupported(t *testing.T) {
	channel := func(n ...string) error { return capabilities.NewChannelProvider(names(n...)).Supported() }
	orderer := func(n ...string) error { return capabilities.NewOrdererProvider(names(n...)).Supported() }
	application := func(n ...string) error { return capabilities.NewApplicationProvider(names(n...)).Supported() }

	assert.NoError(t, channel())
	assert.NoError(t, channel("V1_1", "V1_3"))
	assert.NoError(t, orderer("V1_1"))
	assert.NoError(t, application("V1_1", "V1_2", "V1_3", "V1_1_PVTDATA_EXPERIMENTAL", "V1_1_RESOURCETREE_EXPERIMENTAL"))

	assert.EqualError(t, channel("V1_3", "V2_0", "V1_4_2"), "Channel capability V1_4_2, V2_0 is required but not supported")
	assert.EqualError(t, channel("V1_2"), "Channel capability V1_2 is required but not supported")
	assert.EqualError(t, orderer("V1_3"), "Orderer capability V1_3 is required but not supported")
	assert.EqualError(t, orderer("a\nb", strings.Repeat("x", 99)),
		`Orderer capability "a\nb", "`+strings.Repeat("x", 64)+`" is required but not supported`, "names from anywhere do not garble logs")
	assert.EqualError(t, application("V1_4_2"), "Application capability V1_4_2 is required but not supported")
}

func TestOrdererBehaviour(t *testing.T) {
	for _, on := range []bool{false, true} {
		p := capabilities.NewOrdererProvider(nil)
		if on {
			p = capabilities.NewOrdererProvider(names("V1_1"))
		}
		assert.Equal(t, on, p.PredictableChannelTemplate())
		assert.Equal(t, on, p.Resubmission())
		assert.Equal(t, on, p.ExpirationCheck())
	}
}

func TestApplicationBehaviour(t *testing.T) {
	type behaviour struct{ v11, noDuplicates, v12, acls, privateData, upgrade, v13, keyLevel, lifecycle bool }
	upTo11 := behaviour{v11: true, noDuplicates: true}
	upTo12 := upTo11
	upTo12.v12, upTo12.acls, upTo12.privateData, upTo12.upgrade = true, true, true, true
	upTo13 := upTo12
	upTo13.v13, upTo13.keyLevel = true, true

	for name, want := range map[string]behaviour{
		"":                               {},
		"V1_1":                           upTo11,
		"V1_2":                           upTo12,
		"V1_3":                           upTo13,
		"V1_1_PVTDATA_EXPERIMENTAL":      {privateData: true},
		"V1_1_RESOURCETREE_EXPERIMENTAL": {},
		"V9_9":                           {},
	} {
		p := capabilities.NewApplicationProvider(names(name))
		assert.Equal(t, want, behaviour{
			v11:          p.V1_1Validation(),
			noDuplicates: p.ForbidDuplicateTXIdInBlock(),
			v12:          p.V1_2Validation(),
			acls:         p.ACLs(),
			privateData:  p.PrivateChannelData(),
			upgrade:      p.CollectionUpgrade(),
			v13:          p.V1_3Validation(),
			keyLevel:     p.KeyLevelEndorsement(),
			lifecycle:    p.MetadataLifecycle(),
		}, name)
	}
}
