// SPDX-License-Identifier: Apache-2.0

package localmsp

import (
	"path/filepath"
	"testing"

	"github.com/hyperledger/fabric/core/blockpeer/cryptogen"
	"github.com/hyperledger/fabric/msp/mgmt"
	"github.com/stretchr/testify/require"
)

func TestSignerFollowsTheLocalMSP(t *testing.T) {
	signer := NewSigner()
	_, err := signer.Sign([]byte("m"))
	require.ErrorContains(t, err, "no identity to sign with")
	header, err := signer.NewSignatureHeader()
	require.Nil(t, header)
	require.ErrorContains(t, err, "no identity to sign with")

	org := cryptogen.OrgSpec{Domain: "org1.test", Nodes: []string{"peer0", "peer1"}}
	root := t.TempDir()
	require.NoError(t, cryptogen.Generate(root, org))
	for _, node := range org.Nodes {
		require.NoError(t, mgmt.LoadLocalMspFromDir(filepath.Join(org.NodeDir(root, node), "msp"), "Org1"))
		self := mgmt.GetLocalSigningIdentityOrPanic()
		serialized, err := self.Serialize()
		require.NoError(t, err)
		header, err := signer.NewSignatureHeader()
		require.NoError(t, err)
		require.Equal(t, serialized, header.Creator)
		require.Len(t, header.Nonce, 24)
		sig, err := signer.Sign([]byte("m"))
		require.NoError(t, err)
		require.NoError(t, self.Verify([]byte("m"), sig))
	}
}
