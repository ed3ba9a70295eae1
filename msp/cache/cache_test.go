// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/msp"
	mspproto "github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

// countingMSP counts what reaches it. Its answers can be changed between calls.
type countingMSP struct {
	msp.MSP
	deserialized, validated, asked, formed, setups atomic.Int32

	verdict atomic.Pointer[error]
}

type countedIdentity struct {
	msp.Identity
	raw string
}

func (c *countingMSP) answer() error {
	if e := c.verdict.Load(); e != nil {
		return *e
	}
	return nil
}

func (c *countingMSP) say(err error) { c.verdict.Store(&err) }

func (c *countingMSP) Setup(*mspproto.MSPConfig) error {
	c.setups.Add(1)
	return c.answer()
}

func (c *countingMSP) DeserializeIdentity(raw []byte) (msp.Identity, error) {
	c.deserialized.Add(1)
	if err := c.answer(); err != nil {
		return nil, err
	}
	return &countedIdentity{raw: string(raw)}, nil
}

func (c *countingMSP) IsWellFormed(*mspproto.SerializedIdentity) error {
	c.formed.Add(1)
	return c.answer()
}

func (c *countingMSP) Validate(id msp.Identity) error {
	if _, ok := id.(*countedIdentity); !ok {
		return fmt.Errorf("got an identity of type %T", id)
	}
	c.validated.Add(1)
	return c.answer()
}

func (c *countingMSP) SatisfiesPrincipal(id msp.Identity, _ *mspproto.MSPPrincipal) error {
	if _, ok := id.(*countedIdentity); !ok {
		return fmt.Errorf("got an identity of type %T", id)
	}
	c.asked.Add(1)
	return c.answer()
}

func cached(t *testing.T) (msp.MSP, *countingMSP) {
	t.Helper()
	inner := &countingMSP{}
	m, err := New(inner)
	require.NoError(t, err)
	return m, inner
}

func get(t *testing.T, m msp.MSP, raw string) msp.Identity {
	t.Helper()
	id, err := m.DeserializeIdentity([]byte(raw))
	require.NoError(t, err)
	return id
}

var errNo = errors.New("no")

func TestNewNeedsAnMSP(t *testing.T) {
	_, err := New(nil)
	require.ErrorContains(t, err, "Invalid passed MSP. It must be different from nil.")
}

func TestIdentitiesAreRemembered(t *testing.T) {
	m, inner := cached(t)
	a := get(t, m, "a")
	require.Same(t, a, get(t, m, "a"))
	require.NotSame(t, a, get(t, m, "b"))
	require.Equal(t, int32(2), inner.deserialized.Load())
}

func TestFailuresToDeserializeAreNot(t *testing.T) {
	m, inner := cached(t)
	inner.say(errNo)
	for i := 0; i < 2; i++ {
		_, err := m.DeserializeIdentity([]byte("a"))
		require.Equal(t, errNo, err)
	}
	inner.say(nil)
	get(t, m, "a")
	require.Equal(t, int32(3), inner.deserialized.Load())
}

func TestOversizedInputTakesNoRoom(t *testing.T) {
	m, inner := cached(t)
	big := string(bytes.Repeat([]byte("x"), largestKept+1))
	get(t, m, big)
	get(t, m, big)
	require.Equal(t, int32(2), inner.deserialized.Load())
	require.NoError(t, m.IsWellFormed(&mspproto.SerializedIdentity{IdBytes: []byte(big)}))
	require.NoError(t, m.IsWellFormed(&mspproto.SerializedIdentity{IdBytes: []byte(big)}))
	require.Equal(t, int32(2), inner.formed.Load())
	id := get(t, m, "a")
	p := &mspproto.MSPPrincipal{Principal: []byte(big)}
	require.NoError(t, id.SatisfiesPrincipal(p))
	require.NoError(t, id.SatisfiesPrincipal(p))
	require.Equal(t, int32(2), inner.asked.Load())
}

func TestOnlySuccessfulValidationIsRemembered(t *testing.T) {
	m, inner := cached(t)
	id := get(t, m, "a")
	inner.say(errNo)
	require.Equal(t, errNo, id.Validate())
	require.Equal(t, errNo, m.Validate(id))
	inner.say(nil)
	require.NoError(t, id.Validate())
	inner.say(errNo)
	require.NoError(t, id.Validate())
	require.NoError(t, m.Validate(id))
	require.NoError(t, get(t, m, "a").Validate())
	require.Equal(t, int32(3), inner.validated.Load())
}

func TestBothAnswersAboutPrincipalsAreRemembered(t *testing.T) {
	m, inner := cached(t)
	id := get(t, m, "a")
	role := &mspproto.MSPPrincipal{Principal: []byte("p")}
	unit := &mspproto.MSPPrincipal{PrincipalClassification: 1, Principal: []byte("p")}
	inner.say(errNo)
	require.Equal(t, errNo, id.SatisfiesPrincipal(role))
	inner.say(nil)
	require.NoError(t, id.SatisfiesPrincipal(unit), "the class is part of the question")
	require.Equal(t, errNo, id.SatisfiesPrincipal(role))
	require.Equal(t, errNo, m.SatisfiesPrincipal(id, role))
	require.NoError(t, get(t, m, "b").SatisfiesPrincipal(role), "so is the identity")
	require.Equal(t, int32(3), inner.asked.Load())
	require.NoError(t, id.SatisfiesPrincipal(nil), "what to make of nil is up to the MSP")
}

func TestQuestionsAreBounded(t *testing.T) {
	m, inner := cached(t)
	id := get(t, m, "a").(*cachedIdentity)
	for i := 0; i < 10*verdictsPerIdentity; i++ {
		require.NoError(t, id.SatisfiesPrincipal(&mspproto.MSPPrincipal{Principal: []byte(fmt.Sprint(i))}))
		require.LessOrEqual(t, len(id.verdicts), verdictsPerIdentity)
	}
	require.Equal(t, int32(10*verdictsPerIdentity), inner.asked.Load())
}

func TestWellFormednessIsRemembered(t *testing.T) {
	m, inner := cached(t)
	a := &mspproto.SerializedIdentity{Mspid: "M", IdBytes: []byte("a")}
	require.NoError(t, m.IsWellFormed(a))
	inner.say(errNo)
	require.NoError(t, m.IsWellFormed(a))
	require.Equal(t, errNo, m.IsWellFormed(&mspproto.SerializedIdentity{Mspid: "N", IdBytes: []byte("a")}))
	require.Equal(t, errNo, m.IsWellFormed(&mspproto.SerializedIdentity{Mspid: "M", IdBytes: []byte("b")}))
	require.Equal(t, errNo, m.IsWellFormed(nil))
	require.Equal(t, int32(4), inner.formed.Load())
}

func TestSetupForgets(t *testing.T) {
	for _, outcome := range []error{nil, errNo} {
		m, inner := cached(t)
		id := get(t, m, "a")
		role := &mspproto.MSPPrincipal{Principal: []byte("p")}
		form := &mspproto.SerializedIdentity{IdBytes: []byte("a")}
		require.NoError(t, id.Validate())
		require.NoError(t, id.SatisfiesPrincipal(role))
		require.NoError(t, m.IsWellFormed(form))

		inner.say(outcome)
		require.Equal(t, outcome, m.Setup(nil))
		inner.say(errNo)
		require.Equal(t, errNo, id.Validate(), "an identity from before asks again")
		require.Equal(t, errNo, id.SatisfiesPrincipal(role))
		require.Equal(t, errNo, m.IsWellFormed(form))
		inner.say(nil)
		require.NotSame(t, id, get(t, m, "a"))
		require.NoError(t, id.Validate())
		inner.say(errNo)
		require.Equal(t, errNo, id.Validate(), "and remembers nothing any more")
	}
}

func TestForeignIdentitiesPassThrough(t *testing.T) {
	m, inner := cached(t)
	other, _ := cached(t)
	role := &mspproto.MSPPrincipal{}
	for _, id := range []msp.Identity{&countedIdentity{}, get(t, other, "x")} {
		require.NoError(t, m.Validate(id))
		require.NoError(t, m.SatisfiesPrincipal(id, role))
	}
	require.Equal(t, int32(2), inner.validated.Load())
	require.Equal(t, int32(2), inner.asked.Load())
	require.Error(t, m.Validate(nil))
	require.Error(t, m.Validate((*cachedIdentity)(nil)))
}

func TestGenerationsKeepWhatIsUsed(t *testing.T) {
	g := newGenerations[int](10)
	g.add([]byte("kept"), 1)
	for i := 0; i < 1000; i++ {
		g.add([]byte(fmt.Sprint(i)), i)
		require.LessOrEqual(t, g.len(), 20)
		v, ok := g.get([]byte("kept"))
		require.True(t, ok)
		require.Equal(t, 1, v)
	}
	_, ok := g.get([]byte("5"))
	require.False(t, ok, "what was not used is gone")
	_, ok = g.get([]byte("999"))
	require.True(t, ok)
	require.Equal(t, 999, g.add([]byte("999"), 7), "the first one stays")
	g.set([]byte("999"), 8)
	v, _ := g.get([]byte("999"))
	require.Equal(t, 8, v)
}

func TestHitsDoNotAllocate(t *testing.T) {
	m, _ := cached(t)
	raw := bytes.Repeat([]byte("x"), 1000)
	id := get(t, m, string(raw))
	p := &mspproto.MSPPrincipal{Principal: []byte("principal")}
	form := &mspproto.SerializedIdentity{Mspid: "M", IdBytes: raw}
	all := func() {
		_, _ = m.DeserializeIdentity(raw)
		_ = m.IsWellFormed(form)
		_ = id.Validate()
		_ = id.SatisfiesPrincipal(p)
	}
	all()
	require.Zero(t, testing.AllocsPerRun(50, all))
}

// Over the real MSP, with -race: nobody is taken for valid by a memory of the configuration before.
func TestSetupWhileInUse(t *testing.T) {
	ca, err := cryptogen.NewCA("org", "ca")
	require.NoError(t, err)
	user, err := ca.Issue(cryptogen.Leaf{CommonName: "user"})
	require.NoError(t, err)
	revoked, err := ca.RevocationList(user.Cert)
	require.NoError(t, err)
	config := func(lists ...[]byte) *mspproto.MSPConfig {
		raw, err := proto.Marshal(&mspproto.FabricMSPConfig{Name: "Org1", RootCerts: [][]byte{ca.CertPEM()}, RevocationList: lists})
		require.NoError(t, err)
		return &mspproto.MSPConfig{Config: raw}
	}
	inner, err := msp.New(&msp.BCCSPNewOpts{NewBaseOpts: msp.NewBaseOpts{Version: msp.MSPv1_3}})
	require.NoError(t, err)
	m, err := New(inner)
	require.NoError(t, err)
	require.NoError(t, m.Setup(config()))
	serialized, err := msp.NewSerializedIdentity("Org1", user.CertPEM())
	require.NoError(t, err)
	raw, err := proto.Marshal(&mspproto.MSPRole{MspIdentifier: "Org1"})
	require.NoError(t, err)
	member := &mspproto.MSPPrincipal{Principal: raw}
	old := get(t, m, string(serialized))

	stop := make(chan struct{})
	var users sync.WaitGroup
	for i := 0; i < 4; i++ {
		users.Add(1)
		go func() {
			defer users.Done()
			for {
				select {
				case <-stop:
					return
				default:
				}
				id, err := m.DeserializeIdentity(serialized)
				if err != nil {
					t.Error(err)
					return
				}
				_ = id.Validate()
				_ = id.SatisfiesPrincipal(member)
			}
		}()
	}
	for i := 0; i < 20; i++ {
		require.NoError(t, m.Setup(config(revoked)))
		for _, id := range []msp.Identity{old, get(t, m, string(serialized))} {
			require.Error(t, id.Validate())
			require.Error(t, id.SatisfiesPrincipal(member))
		}
		require.NoError(t, m.Setup(config()))
		for _, id := range []msp.Identity{old, get(t, m, string(serialized))} {
			require.NoError(t, id.Validate())
			require.NoError(t, id.SatisfiesPrincipal(member))
		}
	}
	close(stop)
	users.Wait()
}
