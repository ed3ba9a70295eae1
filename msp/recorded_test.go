// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/hyperledger/fabric/protos/msp"
	"github.com/stretchr/testify/require"
)

const recordedCrypto = "../core/blockpeer/testdata/fabric-v1.3/crypto"

// recordedMSP is an organisation of the recorded network with the certificates of its nodes and users.
type recordedMSP struct {
	id      string
	msp     MSP
	members map[string][]byte // PEM by file name
}

func recorded(t testing.TB, folder, id string, version MSPVersion) recordedMSP {
	t.Helper()
	dir := filepath.Join(recordedCrypto, folder)
	conf, err := VerifyingConfigFromDir(filepath.Join(dir, "msp"), id)
	require.NoError(t, err)
	r := recordedMSP{id: id, msp: newMSP(t, version), members: map[string][]byte{}}
	require.NoError(t, r.msp.Setup(conf))
	files, err := filepath.Glob(filepath.Join(dir, "*", "*", "msp", "signcerts", "*.pem"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		r.members[filepath.Base(file)] = raw
	}
	return r
}

func recordedNetwork(t testing.TB, version MSPVersion) []recordedMSP {
	t.Helper()
	return []recordedMSP{
		recorded(t, "ordererOrganizations/fixtures.test", "OrdererMSP", version),
		recorded(t, "peerOrganizations/org1.fixtures.test", "Org1MSP", version),
		recorded(t, "peerOrganizations/org2.fixtures.test", "Org2MSP", version),
	}
}

func TestRecordedIdentities(t *testing.T) {
	for _, version := range allVersions {
		network := recordedNetwork(t, version)
		msps := make([]MSP, len(network))
		for i, org := range network {
			msps[i] = org.msp
		}
		mgr := manage(t, msps...)
		for _, org := range network {
			for file, certPEM := range org.members {
				id := deserialize(t, mgr, org.id, certPEM)
				require.NoError(t, id.Validate(), file)
				raw, err := id.Serialize()
				require.NoError(t, err)
				require.Equal(t, serialize(t, org.id, certPEM), raw, file)
				require.NoError(t, mgr.IsWellFormed(&msp.SerializedIdentity{Mspid: org.id, IdBytes: certPEM}), file)
				require.NoError(t, id.SatisfiesPrincipal(role(t, org.id, msp.MSPRole_MEMBER)))

				isAdmin := len(file) > 6 && file[:6] == "Admin@"
				require.Equal(t, isAdmin, id.SatisfiesPrincipal(role(t, org.id, msp.MSPRole_ADMIN)) == nil, file)
				isPeer := file[:4] == "peer" && version >= MSPv1_1
				require.Equal(t, isPeer, id.SatisfiesPrincipal(role(t, org.id, msp.MSPRole_PEER)) == nil, file)

				for _, other := range network {
					if other.id != org.id {
						_, err := mgr.DeserializeIdentity(serialize(t, other.id, certPEM))
						require.ErrorContains(t, err, "does not chain", file)
					}
				}
			}
		}
	}
}

func TestRecordedDirectoriesHaveNoKeys(t *testing.T) {
	_, err := LocalConfigFromDir(filepath.Join(recordedCrypto, "peerOrganizations/org1.fixtures.test/peers/peer0.org1.fixtures.test/msp"), "Org1MSP")
	require.ErrorContains(t, err, "reading the key store")
}
