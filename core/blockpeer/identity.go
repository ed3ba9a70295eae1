// SPDX-License-Identifier: Apache-2.0

package blockpeer

import (
	"crypto/tls"
	"fmt"
	"os"

	"github.com/hyperledger/fabric/common/channelconfig"
	"github.com/hyperledger/fabric/common/crypto"
	"github.com/hyperledger/fabric/core/blockpeer/channel"
	"github.com/hyperledger/fabric/core/blockpeer/settings"
	"github.com/hyperledger/fabric/core/comm"
	"github.com/hyperledger/fabric/msp"
	"github.com/hyperledger/fabric/msp/mgmt"
)

// LoadIdentity makes the operator's MSP directory the process's local MSP and
// its TLS pair the one that connections present.
func LoadIdentity(s *settings.Settings) error {
	if err := mgmt.LoadLocalMspFromDir(s.MSPDir, s.MSPID); err != nil {
		return fmt.Errorf("peer.mspConfigPath %s (MSP %s): %w", s.MSPDir, s.MSPID, err)
	}
	if !s.TLS.Enabled {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(s.TLS.ClientCert, s.TLS.ClientKey)
	if err != nil {
		return fmt.Errorf("TLS client certificate %s with key %s: %w", s.TLS.ClientCert, s.TLS.ClientKey, err)
	}
	credentials := comm.GetCredentialSupport()
	credentials.SetClientCertificate(pair)
	if s.TLS.RootCert == "" {
		return nil
	}
	root, err := os.ReadFile(s.TLS.RootCert)
	if err != nil {
		return fmt.Errorf("peer.tls.rootcert.file: %w", err)
	}
	credentials.Lock()
	defer credentials.Unlock()
	credentials.ServerRootCAs = [][]byte{root}
	return nil
}

// shareTrust keeps the process-wide TLS roots and MSP manager of a channel at
// its current configuration.
func shareTrust(c *channel.Channel) {
	c.OnTrustUpdate(func(channelconfig.Resources) {
		mgmt.XXXSetMSPManager(c.ID(), c.MSPManager())
		application, orderer := c.TLSRoots()
		credentials := comm.GetCredentialSupport()
		credentials.Lock()
		defer credentials.Unlock()
		credentials.AppRootCAsByChain[c.ID()] = application
		credentials.OrdererRootCAsByChain[c.ID()] = orderer
	})
}

// SignerFromDir loads an identity of its own, apart from the process's local
// MSP: for a client or an orderer that shares the process with a peer.
func SignerFromDir(dir, mspID string) (crypto.LocalSigner, error) {
	config, err := msp.LocalConfigFromDir(dir, mspID)
	if err != nil {
		return nil, fmt.Errorf("MSP directory %s (MSP %s): %w", dir, mspID, err)
	}
	provider, err := msp.New(&msp.BCCSPNewOpts{NewBaseOpts: msp.NewBaseOpts{Version: msp.MSPv1_0}})
	if err != nil {
		return nil, err
	}
	if err := provider.Setup(config); err != nil {
		return nil, fmt.Errorf("MSP directory %s (MSP %s): %w", dir, mspID, err)
	}
	identity, err := provider.GetDefaultSigningIdentity()
	if err != nil {
		return nil, fmt.Errorf("MSP directory %s (MSP %s): %w", dir, mspID, err)
	}
	return crypto.NewSignatureHeaderCreator(identity), nil
}
