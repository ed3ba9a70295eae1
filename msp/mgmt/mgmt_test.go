// SPDX-License-Identifier: Apache-2.0

package mgmt

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/msp"
	mspproto "github.com/hyperledger/fabric/protos/msp"
	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"
)

var org = cryptogen.OrgSpec{Domain: "org1.test", MSPID: "Org1", Nodes: []string{"peer0"}}

// fresh gives the test globals of its own.
func fresh(t *testing.T) {
	t.Helper()
	reset := func() {
		localMSP.Lock()
		localMSP.MSP = nil
		localMSP.Unlock()
		channels.current.Store(nil)
		viper.Set(localTypeKey, nil)
	}
	reset()
	t.Cleanup(reset)
}

func localDir(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, cryptogen.Generate(root, org))
	return filepath.Join(org.NodeDir(root, "peer0"), "msp")
}

func orgMSP(t *testing.T, dir string) msp.MSP {
	t.Helper()
	conf, err := msp.VerifyingConfigFromDir(dir, org.MSPID)
	require.NoError(t, err)
	m, err := msp.New(&msp.BCCSPNewOpts{NewBaseOpts: msp.NewBaseOpts{Version: msp.MSPv1_3}})
	require.NoError(t, err)
	require.NoError(t, m.Setup(conf))
	return m
}

func TestLocalMSPBeforeItIsLoaded(t *testing.T) {
	fresh(t)
	m := GetLocalMSP()
	require.Same(t, m, GetLocalMSP())
	require.Equal(t, msp.MSPVersion(msp.MSPv1_0), m.GetVersion())
	for _, raw := range [][]byte{nil, []byte("\xff"), []byte("anything"), {0x0a, 0}} {
		_, err := m.DeserializeIdentity(raw)
		require.Error(t, err)
	}
	require.Panics(t, func() { GetLocalSigningIdentityOrPanic() })
	require.Empty(t, NewDeserializersManager().GetLocalMSPIdentifier())
}

func TestLoadLocalMSP(t *testing.T) {
	fresh(t)
	dir := localDir(t)
	before := GetLocalMSP()
	require.ErrorContains(t, LoadLocalMspFromDir(dir, ""), "must have an ID")
	require.Error(t, LoadLocalMspFromDir(filepath.Join(dir, "nowhere"), "Org1"))
	require.NoError(t, LoadLocalMspFromDir(dir, "Org1"))
	require.Same(t, before, GetLocalMSP())

	signer := GetLocalSigningIdentityOrPanic()
	raw, err := signer.Serialize()
	require.NoError(t, err)
	id, err := GetIdentityDeserializer("").DeserializeIdentity(raw)
	require.NoError(t, err)
	require.NoError(t, id.Validate())
	d := NewDeserializersManager()
	require.Equal(t, "Org1", d.GetLocalMSPIdentifier())
	require.Same(t, before, d.GetLocalDeserializer())

	require.NoError(t, LoadLocalMspFromDir(localDir(t), "Org1"), "renewed material")
	require.NotEqual(t, signer.GetIdentifier(), GetLocalSigningIdentityOrPanic().GetIdentifier())
	require.Error(t, id.Validate())
}

func TestKindOfLocalMSP(t *testing.T) {
	for kind, want := range map[string]msp.ProviderType{"": msp.FABRIC, "bccsp": msp.FABRIC, "idemix": msp.IDEMIX} {
		fresh(t)
		viper.Set(localTypeKey, kind)
		require.Equal(t, want, GetLocalMSP().GetType())
	}
	fresh(t)
	viper.Set(localTypeKey, "other")
	require.PanicsWithValue(t, `local MSP: peer.localMspType: unknown MSP type "other"`, func() { GetLocalMSP() })
	viper.Set(localTypeKey, "bccsp")
	require.NotPanics(t, func() { GetLocalMSP() }, "the lock was released")
}

func TestAskingForChannelsStoresNothing(t *testing.T) {
	fresh(t)
	for i := 0; i < 100; i++ {
		m := GetManagerForChain(fmt.Sprint("channel", i))
		_, err := m.DeserializeIdentity(nil)
		require.ErrorContains(t, err, "channel doesn't exist")
		require.ErrorContains(t, m.IsWellFormed(nil), "channel doesn't exist")
		_, err = m.GetMSPs()
		require.ErrorContains(t, err, "channel doesn't exist")
	}
	require.Empty(t, GetDeserializers())
}

func TestSetupOfAnUnsetManagerCreatesTheChannel(t *testing.T) {
	fresh(t)
	dir := localDir(t)
	unset := GetManagerForChain("ch")
	require.Error(t, unset.Setup([]msp.MSP{nil}))
	require.Empty(t, GetDeserializers(), "a failed setup creates nothing")
	require.NoError(t, unset.Setup([]msp.MSP{orgMSP(t, dir)}))
	require.NoError(t, unset.Setup(nil), "as with any manager, the second call changes nothing")
	for _, m := range []msp.MSPManager{unset, GetManagerForChain("ch")} {
		msps, err := m.GetMSPs()
		require.NoError(t, err)
		require.Contains(t, msps, "Org1")
	}
	require.Contains(t, GetDeserializers(), "ch")
}

func TestInstalledManagerIsFoundByAll(t *testing.T) {
	fresh(t)
	require.NoError(t, LoadLocalMspFromDir(localDir(t), "Org1"))
	raw, err := GetLocalSigningIdentityOrPanic().Serialize()
	require.NoError(t, err)
	early := GetIdentityDeserializer("ch")
	mgr := msp.NewMSPManager()
	require.NoError(t, mgr.Setup([]msp.MSP{GetLocalMSP()}))
	XXXSetMSPManager("ch", mgr)

	require.Same(t, mgr, GetManagerForChain("ch"))
	sid, err := NewDeserializersManager().Deserialize(raw)
	require.NoError(t, err)
	for _, d := range []msp.IdentityDeserializer{early, GetIdentityDeserializer("ch"), GetDeserializers()["ch"], NewDeserializersManager().GetChannelDeserializers()["ch"]} {
		id, err := d.DeserializeIdentity(raw)
		require.NoError(t, err)
		require.Equal(t, "Org1", id.GetMSPIdentifier())
		require.NoError(t, d.IsWellFormed(sid))
	}

	XXXSetMSPManager("ch", GetManagerForChain("ch"))
	require.Same(t, mgr, GetManagerForChain("ch"))
	XXXSetMSPManager("other", GetManagerForChain("unheard of"))
	require.NotContains(t, GetDeserializers(), "other")
	GetDeserializers()["mine"] = nil
	require.NotContains(t, GetDeserializers(), "mine", "the map is a copy")
	XXXSetMSPManager("ch", nil)
	_, err = early.DeserializeIdentity(raw)
	require.ErrorContains(t, err, "channel doesn't exist")
}

func TestManagersFromManyGoroutines(t *testing.T) {
	fresh(t)
	m := orgMSP(t, localDir(t))
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for j := 0; j < 20; j++ {
				name := fmt.Sprint("ch", j)
				if err := GetManagerForChain(name).Setup([]msp.MSP{m}); err != nil {
					t.Error(err)
				}
				_ = GetDeserializers()
				GetLocalMSP()
			}
		}()
	}
	wg.Wait()
	require.Len(t, GetDeserializers(), 20)
}

func TestDeserializeOnlyTakesApart(t *testing.T) {
	raw, err := msp.NewSerializedIdentity("anybody", []byte("anything"))
	require.NoError(t, err)
	sid, err := NewDeserializersManager().Deserialize(raw)
	require.NoError(t, err)
	require.Equal(t, "anybody", sid.Mspid)
	require.Equal(t, "anything", string(sid.IdBytes))
	_, err = NewDeserializersManager().Deserialize([]byte("\xff"))
	require.ErrorContains(t, err, "1 bytes are not a serialized identity")
}

func TestLocalPrincipals(t *testing.T) {
	fresh(t)
	require.NoError(t, LoadLocalMspFromDir(localDir(t), "Org1"))
	for name, kind := range map[string]mspproto.MSPRole_MSPRoleType{Admins: mspproto.MSPRole_ADMIN, Members: mspproto.MSPRole_MEMBER} {
		p, err := NewLocalMSPPrincipalGetter().Get(name)
		require.NoError(t, err)
		require.Equal(t, mspproto.MSPPrincipal_ROLE, p.PrincipalClassification)
		role := &mspproto.MSPRole{}
		require.NoError(t, proto.Unmarshal(p.Principal, role))
		require.Equal(t, "Org1", role.MspIdentifier)
		require.Equal(t, kind, role.Role)
	}
	_, err := NewLocalMSPPrincipalGetter().Get("Owners")
	require.ErrorContains(t, err, `no local principal "Owners"`)
}
