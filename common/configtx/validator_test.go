// SPDX-License-Identifier: Apache-2.0

package configtx

import (
	"fmt"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	"github.com/hyperledger/fabric/common/policies"
	cb "github.com/hyperledger/fabric/protos/common"
	"github.com/hyperledger/fabric/protos/utils"
)

func TestValidatorDescribesItsConfiguration(t *testing.T) {
	config := sample()
	v := validatorOf(t, config, newKeyring())
	require.Equal(t, "mychannel", v.ChainID())
	require.Equal(t, uint64(5), v.Sequence())
	require.True(t, v.ConfigProto() == config)
	var _ Validator = v
}

func TestBadConfigurationsAreRefused(t *testing.T) {
	deep := node(0, "", nil, nil, nil)
	for i := 0; i < 2*maxDepth; i++ {
		deep = node(0, "", nil, nil, subs{"g": deep})
	}
	fat := node(0, "", values{}, nil, nil)
	for i := 0; i < maxPathBytes/(maxDepth-1)/maxNameLength; i++ {
		fat.Values[fmt.Sprint(i)] = &cb.ConfigValue{}
	}
	for i := 0; i < maxDepth-1; i++ {
		fat = node(0, "", nil, nil, subs{strings.Repeat("x", maxNameLength): fat})
	}
	whole := func(g *cb.ConfigGroup) *cb.Config { return &cb.Config{ChannelGroup: g} }
	cases := []struct {
		name    string
		channel string
		config  *cb.Config
		wants   string
	}{
		{"nil config", "mychannel", nil, "config is nil"},
		{"nil group", "mychannel", &cb.Config{}, "no channel group"},
		{"empty channel", "", sample(), "bad channel ID"},
		{"channel with capitals", "MyChannel", sample(), "bad channel ID"},
		{"channel that begins with a digit", "1channel", sample(), "bad channel ID"},
		{"channel with a slash", "my/channel", sample(), "bad channel ID"},
		{"channel too long", strings.Repeat("x", 250), sample(), "bad channel ID"},
		{"nil sub-group", "c", whole(node(0, "", nil, nil, subs{"g": nil})), "[Group]  /Channel/g is nil"},
		{"nil value", "c", whole(node(0, "", values{"v": nil}, nil, nil)), "[Value]  /Channel/v is nil"},
		{"nil policy", "c", whole(node(0, "", nil, rules{"p": nil}, nil)), "[Policy] /Channel/p is nil"},
		{"empty name", "c", whole(node(0, "", values{"": {}}, nil, nil)), "name is empty"},
		{"reserved name", "c", whole(node(0, "", nil, nil, subs{"..": {}})), "reserved"},
		{"name with a slash", "c", whole(node(0, "", nil, rules{"a/b": {}}, nil)), "illegal character"},
		{"name too long", "c", whole(node(0, "", values{strings.Repeat("x", 250): {}}, nil, nil)), "250 characters"},
		{"too deep", "c", whole(deep), "nested more than"},
		{"too large", "c", whole(fat), "too large"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			v, err := NewValidatorImpl(c.channel, c.config, policies.ChannelPrefix, newKeyring())
			require.Nil(t, v)
			require.ErrorContains(t, err, c.wants)
			require.Less(t, len(err.Error()), 600)
		})
	}
}

func TestLongestNamesAreAccepted(t *testing.T) {
	name := strings.Repeat("x", 249)
	_, err := NewValidatorImpl(name, &cb.Config{ChannelGroup: node(0, "", values{name: {}, "A-b.C9": {}}, nil, nil)}, policies.ChannelPrefix, nil)
	require.NoError(t, err)
}

// update is one way to change the sample configuration.
type update struct {
	name    string
	read    *cb.ConfigGroup
	write   *cb.ConfigGroup
	signers []string
	wants   string // part of the error; "" if it is accepted
	check   func(*testing.T, *cb.ConfigGroup)
}

// root returns a root group at the sample's version with one sub-group.
func rootWith(version uint64, sub string, g *cb.ConfigGroup) *cb.ConfigGroup {
	return node(version, "Admins", nil, nil, subs{sub: g})
}

func updates() []update {
	batch := func(version uint64, modPolicy string) *cb.ConfigGroup {
		return rootWith(1, "Orderer", node(2, "", values{"BatchSize": value(version, modPolicy, "20")}, nil, nil))
	}
	readOrderer := rootWith(1, "Orderer", node(2, "", nil, nil, nil))
	ordererAdmin := []string{"/Channel/Orderer/Admins"}
	return []update{
		{name: "a value changes", read: readOrderer, write: batch(4, "Admins"), signers: ordererAdmin,
			check: func(t *testing.T, g *cb.ConfigGroup) {
				require.Equal(t, "20", string(g.Groups["Orderer"].Values["BatchSize"].Value))
				require.Equal(t, uint64(4), g.Groups["Orderer"].Values["BatchSize"].Version)
				require.Equal(t, uint64(2), g.Groups["Orderer"].Version)
				require.Len(t, g.Groups["Orderer"].Values, 2, "what is not mentioned stays")
			}},
		{name: "nobody signed", read: readOrderer, write: batch(4, "Admins"), wants: `policy "Admins" of [Value]  /Channel/Orderer/BatchSize is not satisfied: no signature by /Channel/Orderer/Admins`},
		{name: "others signed", read: readOrderer, write: batch(4, "Admins"), signers: []string{"/Channel/Admins"}, wants: "is not satisfied"},
		{name: "version skipped", read: readOrderer, write: batch(5, "Admins"), signers: ordererAdmin, wants: "is at version 3 and cannot become version 5"},
		{name: "version kept but not read", read: readOrderer, write: batch(3, "Admins"), signers: ordererAdmin, wants: "is at version 3 and cannot become version 3"},
		{name: "empty mod_policy", read: readOrderer, write: batch(4, ""), signers: ordererAdmin, wants: "invalid mod_policy for element [Value]  /Channel/Orderer/BatchSize"},
		{name: "malformed mod_policy", read: readOrderer, write: batch(4, "/Channel//Admins"), signers: ordererAdmin, wants: "invalid mod_policy for element"},
		{name: "mod_policy of strange characters", read: readOrderer, write: batch(4, "Ad mins"), signers: ordererAdmin, wants: "invalid mod_policy for element"},
		{name: "the new mod_policy does not count", read: readOrderer, write: batch(4, "/Channel/Special"), signers: []string{"/Channel/Special"}, wants: "is not satisfied"},
		{name: "the old one does", read: readOrderer, write: batch(4, "/Channel/Special"), signers: ordererAdmin,
			check: func(t *testing.T, g *cb.ConfigGroup) {
				require.Equal(t, "/Channel/Special", g.Groups["Orderer"].Values["BatchSize"].ModPolicy)
			}},
		{name: "an absolute mod_policy", read: readOrderer, write: rootWith(1, "Orderer", node(2, "", values{"Loose": value(1, "Admins", "y")}, nil, nil)), signers: []string{"/Channel/Special"},
			check: func(t *testing.T, g *cb.ConfigGroup) {
				require.Equal(t, "y", string(g.Groups["Orderer"].Values["Loose"].Value))
			}},
		{name: "the value read has changed since", read: rootWith(1, "Orderer", node(2, "", values{"BatchSize": value(2, "", "")}, nil, nil)), write: batch(4, "Admins"), signers: ordererAdmin,
			wants: "the read set expects [Value]  /Channel/Orderer/BatchSize at version 2, but it is at version 3"},
		{name: "the value read is gone", read: rootWith(1, "Orderer", node(2, "", values{"Gone": value(0, "", "")}, nil, nil)), write: batch(4, "Admins"), signers: ordererAdmin,
			wants: "the read set names [Value]  /Channel/Orderer/Gone, which does not exist"},
		{name: "nothing changes", read: readOrderer, write: readOrderer, signers: everyAdmin, wants: "delta set was empty -- update would have no effect"},
		{name: "nothing at all", signers: everyAdmin, wants: "delta set was empty -- update would have no effect"},
		{name: "no read set", write: rootWith(2, "Orderer", node(3, "Admins", nil, nil, nil)), signers: everyAdmin,
			check: func(t *testing.T, g *cb.ConfigGroup) {
				require.Len(t, g.Groups, 1)
				require.Empty(t, g.Groups["Orderer"].Values)
				require.Empty(t, g.Groups["Orderer"].Groups)
				require.Empty(t, g.Values)
			}},
		{name: "a policy changes", read: readOrderer, write: rootWith(1, "Orderer", node(2, "", nil, rules{"Writers": policy(2, "Admins")}, nil)), signers: ordererAdmin,
			check: func(t *testing.T, g *cb.ConfigGroup) {
				require.Equal(t, uint64(2), g.Groups["Orderer"].Policies["Writers"].Version)
			}},
		{name: "a new value without raising its group", read: readOrderer, write: rootWith(1, "Orderer", node(2, "", values{"New": value(0, "Admins", "n")}, nil, nil)), signers: ordererAdmin,
			check: func(t *testing.T, g *cb.ConfigGroup) {
				require.NotContains(t, g.Groups["Orderer"].Values, "New", "its group does not know it")
			}},
		{name: "a new value, the kept ones not being read", read: readOrderer,
			write: rootWith(1, "Orderer", node(3, "Admins",
				values{"New": value(0, "Admins", "n"), "BatchSize": value(3, "", ""), "Loose": value(0, "", "")}, rules{"Writers": policy(1, "")}, nil)),
			signers: everyAdmin, wants: "invalid mod_policy for element [Value]  /Channel/Orderer/BatchSize: it is empty"},
		{name: "a new value, the kept ones being read",
			read: rootWith(1, "Orderer", node(2, "", values{"BatchSize": value(3, "", "")}, rules{"Writers": policy(1, "")}, nil)),
			write: rootWith(1, "Orderer", node(3, "Admins",
				values{"New": value(0, "Admins", "n"), "BatchSize": value(3, "", "")}, rules{"Writers": policy(1, "")}, nil)),
			signers: ordererAdmin,
			check: func(t *testing.T, g *cb.ConfigGroup) {
				orderer := g.Groups["Orderer"]
				require.Len(t, orderer.Values, 2, "Loose is no longer mentioned")
				require.Equal(t, "n", string(orderer.Values["New"].Value))
				require.Equal(t, "10", string(orderer.Values["BatchSize"].Value), "content comes from the configuration, not from the write set")
				require.Equal(t, "P", string(orderer.Policies["Writers"].Policy.Value))
				require.Empty(t, orderer.Groups)
				require.Contains(t, g.Groups, "Application")
			}},
		{name: "a new value at a version", read: readOrderer, write: rootWith(1, "Orderer", node(3, "Admins", values{"New": value(1, "Admins", "n")}, nil, nil)), signers: everyAdmin,
			wants: "[Value]  /Channel/Orderer/New does not exist, so it cannot become version 1"},
		{name: "a group changes with its own policy", read: rootWith(1, "Application", node(0, "", nil, nil, nil)),
			write:   rootWith(1, "Application", node(1, "Admins", nil, nil, nil)),
			signers: []string{"/Channel/Application/Admins"}},
		{name: "the root changes with its own policy", read: node(1, "", nil, nil, nil), write: node(2, "Admins", nil, nil, nil), signers: []string{"/Channel/Admins"},
			check: func(t *testing.T, g *cb.ConfigGroup) { require.Empty(t, g.Groups) }},
		{name: "bad name in the write set", read: readOrderer, write: rootWith(1, "or/derer", node(0, "", nil, nil, nil)), signers: everyAdmin, wants: "bad write set"},
		{name: "bad name in the read set", read: rootWith(1, " ", node(0, "", nil, nil, nil)), write: batch(4, "Admins"), signers: everyAdmin, wants: "bad read set"},
	}
}

func TestUpdates(t *testing.T) {
	for _, u := range updates() {
		t.Run(u.name, func(t *testing.T) {
			config := sample()
			v := validatorOf(t, config, newKeyring(everyAdmin...))
			env := envelope("mychannel", u.read, u.write, u.signers...)
			next, err := v.ProposeConfigUpdate(env)
			require.True(t, proto.Equal(sample(), config), "the current configuration is never touched")
			if u.wants != "" {
				require.Nil(t, next)
				require.ErrorContains(t, err, u.wants)
				return
			}
			require.NoError(t, err)
			require.Equal(t, uint64(6), next.Config.Sequence)
			require.True(t, next.LastUpdate == env)
			if u.check != nil {
				u.check(t, next.Config.ChannelGroup)
			}
			require.NoError(t, v.Validate(next), "what is proposed is valid")
			// And it is a configuration that can be updated again.
			validatorOf(t, next.Config, newKeyring())
		})
	}
}

func TestUpdateForAnotherChannel(t *testing.T) {
	v := validatorOf(t, sample(), newKeyring(everyAdmin...))
	_, err := v.ProposeConfigUpdate(envelope("other\n", nil, rootWith(2, "x", node(0, "Admins", nil, nil, nil)), everyAdmin...))
	require.ErrorContains(t, err, `it is for channel "other\n", not for mychannel`)
}

func TestMissingPolicies(t *testing.T) {
	read := rootWith(1, "Orderer", node(2, "", nil, nil, nil))
	write := rootWith(1, "Orderer", node(2, "", values{"BatchSize": value(4, "Admins", "20")}, nil, nil))
	env := envelope("mychannel", read, write, everyAdmin...)

	_, err := validatorOf(t, sample(), newKeyring()).ProposeConfigUpdate(env)
	require.ErrorContains(t, err, "it does not exist")

	v, err := NewValidatorImpl("mychannel", sample(), policies.ChannelPrefix, nil)
	require.NoError(t, err)
	_, err = v.ProposeConfigUpdate(env)
	require.ErrorContains(t, err, "there are no policies")

	config := &cb.Config{ChannelGroup: rootWith(0, "Unmanaged", node(0, "Admins", nil, nil, nil))}
	_, err = validatorOf(t, config, newKeyring()).ProposeConfigUpdate(
		envelope("mychannel", nil, rootWith(1, "Unmanaged", node(1, "Admins", nil, nil, nil))))
	require.Error(t, err)
}

func TestPoliciesAreEvaluatedOnceEach(t *testing.T) {
	config := &cb.Config{ChannelGroup: node(0, "Admins", values{}, nil, nil)}
	write := node(1, "Admins", values{}, nil, nil)
	for i := 0; i < 100; i++ {
		name := fmt.Sprintf("v%d", i)
		config.ChannelGroup.Values[name] = value(0, "Admins", "")
		write.Values[name] = value(1, "Admins", "new")
	}
	ring := newKeyring("/Channel/Admins")
	_, err := validatorOf(t, config, ring).ProposeConfigUpdate(envelope("mychannel", nil, write, "/Channel/Admins"))
	require.NoError(t, err)
	require.Equal(t, map[string]int{"/Channel/Admins": 1}, ring.asked)
}

func TestEmptyModPoliciesAreFilledInWithOrdererCapabilities(t *testing.T) {
	bare := func(extra values) *cb.Config {
		orderer := values{"Unguarded": value(0, "", "x"), "Guarded": value(0, "/Channel/Special", "y")}
		for k, v := range extra {
			orderer[k] = v
		}
		return &cb.Config{ChannelGroup: node(0, "", values{"Change": value(0, "Admins", "")}, rules{"P": policy(0, "")},
			subs{"Orderer": node(0, "", orderer, nil, nil)})}
	}
	write := node(0, "", values{"Change": value(1, "Admins", "now")}, nil, nil)
	env := envelope("mychannel", node(0, "", nil, nil, nil), write, "/Channel/Admins")

	config := bare(nil)
	next, err := validatorOf(t, config, newKeyring("/Channel/Admins")).ProposeConfigUpdate(env)
	require.NoError(t, err)
	require.Equal(t, "", next.Config.ChannelGroup.ModPolicy)
	require.Equal(t, "", next.Config.ChannelGroup.Groups["Orderer"].Values["Unguarded"].ModPolicy)

	config = bare(values{"Capabilities": value(0, "Admins", "")})
	before := proto.Clone(config)
	next, err = validatorOf(t, config, newKeyring("/Channel/Admins")).ProposeConfigUpdate(env)
	require.NoError(t, err)
	root := next.Config.ChannelGroup
	require.Equal(t, "Admins", root.ModPolicy)
	require.Equal(t, "Admins", root.Policies["P"].ModPolicy)
	require.Equal(t, "P", string(root.Policies["P"].Policy.Value))
	require.Equal(t, "Admins", root.Groups["Orderer"].ModPolicy)
	require.Equal(t, "Admins", root.Groups["Orderer"].Values["Unguarded"].ModPolicy)
	require.Equal(t, "x", string(root.Groups["Orderer"].Values["Unguarded"].Value))
	require.Equal(t, "/Channel/Special", root.Groups["Orderer"].Values["Guarded"].ModPolicy)
	require.True(t, proto.Equal(before, config), "the old configuration is not filled in")
}

func TestValidate(t *testing.T) {
	v := validatorOf(t, sample(), newKeyring(everyAdmin...))
	write := rootWith(1, "Orderer", node(2, "", values{"BatchSize": value(4, "Admins", "20")}, nil, nil))
	read := rootWith(1, "Orderer", node(2, "", nil, nil, nil))
	fresh := func() *cb.ConfigEnvelope {
		next, err := v.ProposeConfigUpdate(envelope("mychannel", read, write, everyAdmin...))
		require.NoError(t, err)
		return proto.Clone(next).(*cb.ConfigEnvelope)
	}
	require.NoError(t, v.Validate(fresh()))

	cases := []struct {
		name  string
		spoil func(*cb.ConfigEnvelope) *cb.ConfigEnvelope
		wants string
	}{
		{"nil envelope", func(*cb.ConfigEnvelope) *cb.ConfigEnvelope { return nil }, "config envelope is nil"},
		{"nil config", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope { e.Config = nil; return e }, "config envelope has nil config"},
		{"same sequence", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope { e.Config.Sequence = 5; return e }, "config currently at sequence 5"},
		{"sequence skipped", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope { e.Config.Sequence = 7; return e }, "config currently at sequence 5"},
		{"no last update", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope { e.LastUpdate = nil; return e }, "no last update"},
		{"empty last update", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope { e.LastUpdate = &cb.Envelope{}; return e }, "not a config update"},
		{"garbage last update", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope { e.LastUpdate.Payload = []byte{0xff}; return e }, "not a config update"},
		{"last update of another type", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope {
			e.LastUpdate = typed(cb.HeaderType_CONFIG, &cb.ConfigUpdateEnvelope{})
			return e
		}, "not a config update"},
		{"last update not authorized", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope {
			e.LastUpdate = envelope("mychannel", read, write)
			return e
		}, "is not satisfied"},
		{"garbage as config update", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope {
			e.LastUpdate = typed(cb.HeaderType_CONFIG_UPDATE, &cb.ConfigUpdateEnvelope{ConfigUpdate: []byte{0xff}})
			return e
		}, "cannot decode config update"},
		{"no tree", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope { e.Config.ChannelGroup = nil; return e }, "not what its last update leads to"},
		{"another value", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope {
			e.Config.ChannelGroup.Groups["Orderer"].Values["BatchSize"].Value = []byte("30")
			return e
		}, "not what its last update leads to"},
		{"smuggled group", func(e *cb.ConfigEnvelope) *cb.ConfigEnvelope {
			e.Config.ChannelGroup.Groups["Org3"] = node(0, "Admins", nil, nil, nil)
			return e
		}, "not what its last update leads to"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorContains(t, v.Validate(c.spoil(fresh())), c.wants)
		})
	}
}

func TestProposeRefusesWhatIsNoUpdate(t *testing.T) {
	v := validatorOf(t, sample(), newKeyring(everyAdmin...))
	for name, env := range map[string]*cb.Envelope{
		"nil":          nil,
		"empty":        {},
		"garbage":      {Payload: []byte{0xff}},
		"no header":    {Payload: utils.MarshalOrPanic(&cb.Payload{Data: []byte("x")})},
		"another type": typed(cb.HeaderType_MESSAGE, &cb.ConfigUpdateEnvelope{}),
		"bad content":  {Payload: append(typed(cb.HeaderType_CONFIG_UPDATE, &cb.ConfigUpdateEnvelope{}).Payload, 0x12, 1, 0xff)},
	} {
		next, err := v.ProposeConfigUpdate(env)
		require.Nil(t, next, name)
		require.ErrorContains(t, err, "config update of channel mychannel refused", name)
	}
}

func TestSignaturesAreBounded(t *testing.T) {
	v := validatorOf(t, sample(), newKeyring(everyAdmin...))
	write := rootWith(1, "Orderer", node(2, "", values{"BatchSize": value(4, "Admins", "20")}, nil, nil))
	read := rootWith(1, "Orderer", node(2, "", nil, nil, nil))

	_, err := v.ProposeConfigUpdate(envelope("mychannel", read, write, make([]string, maxSignatures+1)...))
	require.ErrorContains(t, err, "1025 signatures")
	_, err = v.ProposeConfigUpdate(envelope("mychannel", read, write, append(make([]string, maxSignatures-1), "/Channel/Orderer/Admins")...))
	require.NoError(t, err)

	write.Groups["Orderer"].Values["BatchSize"].Value = make([]byte, maxSignedBytes/512)
	_, err = v.ProposeConfigUpdate(envelope("mychannel", read, write, make([]string, 512)...))
	require.ErrorContains(t, err, "too much to check")
}

func TestMalformedSignatureHeader(t *testing.T) {
	v := validatorOf(t, sample(), newKeyring(everyAdmin...))
	update := &cb.ConfigUpdate{ChannelId: "mychannel", WriteSet: node(2, "Admins", nil, nil, nil)}
	signed := &cb.ConfigUpdateEnvelope{
		ConfigUpdate: utils.MarshalOrPanic(update),
		Signatures:   []*cb.ConfigSignature{{}, {SignatureHeader: []byte{0xff}}},
	}
	_, err := v.ProposeConfigUpdate(typed(cb.HeaderType_CONFIG_UPDATE, signed))
	require.ErrorContains(t, err, "signature 1 of the config update")
}

func TestModPolicySyntax(t *testing.T) {
	for _, good := range []string{"Admins", "/Admins", "/Channel/Orderer/Admins", "Orderer/Admins", "a.b-c"} {
		require.NoError(t, checkModPolicy(good))
	}
	for _, bad := range []string{"", "/", "//", "/Channel/", "Admins/", "/Channel//Admins", "..", "/Channel/../Admins", "a b", "ä", "a_b"} {
		require.Error(t, checkModPolicy(bad), bad)
	}
}

func TestUnmarshalFunctions(t *testing.T) {
	config := sample()
	update := &cb.ConfigUpdate{ChannelId: "c"}
	env := &cb.ConfigEnvelope{Config: config}
	signed := &cb.ConfigUpdateEnvelope{ConfigUpdate: []byte("u")}

	c, err := UnmarshalConfig(utils.MarshalOrPanic(config))
	require.NoError(t, err)
	require.True(t, proto.Equal(config, c))
	u, err := UnmarshalConfigUpdate(utils.MarshalOrPanic(update))
	require.NoError(t, err)
	require.True(t, proto.Equal(update, u))
	e, err := UnmarshalConfigEnvelope(utils.MarshalOrPanic(env))
	require.NoError(t, err)
	require.True(t, proto.Equal(env, e))
	s, err := UnmarshalConfigUpdateEnvelope(utils.MarshalOrPanic(signed))
	require.NoError(t, err)
	require.True(t, proto.Equal(signed, s))

	require.True(t, proto.Equal(config, UnmarshalConfigOrPanic(utils.MarshalOrPanic(config))))
	require.True(t, proto.Equal(update, UnmarshalConfigUpdateOrPanic(utils.MarshalOrPanic(update))))
	require.True(t, proto.Equal(env, UnmarshalConfigEnvelopeOrPanic(utils.MarshalOrPanic(env))))
	require.True(t, proto.Equal(signed, UnmarshalConfigUpdateEnvelopeOrPanic(utils.MarshalOrPanic(signed))))

	junk := []byte{0xff}
	_, err = UnmarshalConfig(junk)
	require.ErrorContains(t, err, "cannot decode config")
	_, err = UnmarshalConfigUpdate(junk)
	require.ErrorContains(t, err, "cannot decode config update")
	_, err = UnmarshalConfigEnvelope(junk)
	require.ErrorContains(t, err, "cannot decode config envelope")
	_, err = UnmarshalConfigUpdateEnvelope(junk)
	require.ErrorContains(t, err, "cannot decode config update envelope")
	require.Panics(t, func() { UnmarshalConfigOrPanic(junk) })
	require.Panics(t, func() { UnmarshalConfigUpdateOrPanic(junk) })
	require.Panics(t, func() { UnmarshalConfigEnvelopeOrPanic(junk) })
	require.Panics(t, func() { UnmarshalConfigUpdateEnvelopeOrPanic(junk) })
}
