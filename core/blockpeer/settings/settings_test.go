// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/spf13/viper"
	"github.com/stretchr/testify/require"
)

// folder makes a configuration folder with the files that the keys name.
func folder(t *testing.T, yaml string) string {
	t.Helper()
	viper.Reset()
	t.Cleanup(viper.Reset)
	dir := t.TempDir()
	for _, name := range []string{"cert.pem", "key.pem", "ca.pem"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "msp"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "core.yaml"), []byte(yaml), 0o600))
	return dir
}

const complete = `
peer:
  id: peer0
  localMspId: Org1MSP
  mspConfigPath: msp
  fileSystemPath: data
  gossip: {orgLeader: true, useLeaderElection: false}
  tls: {enabled: true, cert: {file: cert.pem}, key: {file: key.pem}, rootcert: {file: ca.pem}}
`

func TestPathsAreRelativeToTheFile(t *testing.T) {
	dir := folder(t, complete)
	s, err := Load(filepath.Join(dir, "core.yaml"))
	require.NoError(t, err)
	require.Equal(t, &Settings{
		File: filepath.Join(dir, "core.yaml"), ID: "peer0", MSPID: "Org1MSP", OrgLeader: true,
		MSPDir: filepath.Join(dir, "msp"), Dir: filepath.Join(dir, "data"),
		TLS: TLS{
			Enabled: true, Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"),
			RootCert: filepath.Join(dir, "ca.pem"), ClientCert: filepath.Join(dir, "cert.pem"), ClientKey: filepath.Join(dir, "key.pem"),
		},
	}, s)
}

func TestEnvironmentOverridesTheFile(t *testing.T) {
	dir := folder(t, complete)
	t.Setenv("FABRIC_CFG_PATH", dir)
	t.Setenv("CORE_PEER_LOCALMSPID", "Org2MSP")
	t.Setenv("CORE_PEER_TLS_ENABLED", "false")
	s, err := Load("")
	require.NoError(t, err)
	require.Equal(t, "Org2MSP", s.MSPID)
	require.False(t, s.TLS.Enabled)
}

func TestEveryComplaintNamesItsKey(t *testing.T) {
	for name, c := range map[string]struct {
		yaml  string
		wants []string
	}{
		"nothing set":  {"peer: {}", []string{"peer.localMspId is not set", "CORE_PEER_LOCALMSPID", "peer.mspConfigPath is not set", "peer.fileSystemPath is not set"}},
		"missing file": {"peer: {localMspId: a, mspConfigPath: nowhere, fileSystemPath: d}", []string{"peer.mspConfigPath: stat", "nowhere"}},
		"two leaders":  {"peer: {localMspId: a, mspConfigPath: msp, fileSystemPath: d, gossip: {orgLeader: true, useLeaderElection: true}}", []string{"both true"}},
		"half a pair":  {"peer: {localMspId: a, mspConfigPath: msp, fileSystemPath: d, tls: {enabled: true, cert: {file: cert.pem}, key: {file: key.pem}, clientKey: {file: key.pem}}}", []string{"peer.tls.clientCert.file is not"}},
		"no yaml":      {"peer: [", []string{"cannot read the configuration"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, c.yaml)
			_, err := Load(filepath.Join(dir, "core.yaml"))
			if c.wants == nil {
				require.NoError(t, err)
				return
			}
			for _, want := range c.wants {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestConfigurationFolderMustHoldTheFile(t *testing.T) {
	folder(t, complete)
	t.Setenv("FABRIC_CFG_PATH", t.TempDir())
	_, err := Load("")
	require.ErrorContains(t, err, "holds no readable core.yaml")
}

func TestNoFileAtAll(t *testing.T) {
	folder(t, complete)
	t.Chdir(t.TempDir())
	previous := locations
	locations = []string{"."}
	t.Cleanup(func() { locations = previous })
	_, err := Load("")
	require.ErrorContains(t, err, "no core.yaml was found")
	require.ErrorContains(t, err, "CORE_PEER_MSPCONFIGPATH")
}
