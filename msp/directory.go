// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"encoding/pem"
	"os"
	"path/filepath"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// The folders and the file of an MSP directory.
const (
	rootFolder            = "cacerts"
	intermediateFolder    = "intermediatecerts"
	adminFolder           = "admincerts"
	signerFolder          = "signcerts"
	keyFolder             = "keystore"
	revocationFolder      = "crls"
	tlsRootFolder         = "tlscacerts"
	tlsIntermediateFolder = "tlsintermediatecerts"
	configurationFile     = "config.yaml"
)

// VerifyingConfigFromDir reads the configuration of an MSP from a directory, without a signing identity: what a channel
// says about an organisation. It reads the directory anew each time.
func VerifyingConfigFromDir(dir, id string) (*msp.MSPConfig, error) {
	conf, err := readDirectory(dir, id)
	if err != nil {
		return nil, err
	}
	return wrapConfig(FABRIC, conf)
}

// LocalConfigFromDir reads the configuration of this process's own MSP: the first certificate in signcerts is the signing
// identity, and its private key is looked for in keystore. The result contains the private key, so it must not leave the
// process. No process-wide state is involved: two directories may be loaded side by side.
func LocalConfigFromDir(dir, id string) (*msp.MSPConfig, error) {
	conf, err := readDirectory(dir, id)
	if err != nil {
		return nil, err
	}
	signers, err := readRequired(dir, signerFolder)
	if err != nil {
		return nil, err
	}
	cert, err := readCertificate(signers[0])
	if err != nil {
		return nil, errors.WithMessagef(err, "signing certificate in %s", filepath.Join(dir, signerFolder))
	}
	key, err := findKeyFile(filepath.Join(dir, keyFolder), cert)
	if err != nil {
		return nil, err
	}
	conf.SigningIdentity = &msp.SigningIdentityInfo{
		PublicSigner:  signers[0],
		PrivateSigner: &msp.KeyInfo{KeyMaterial: key},
	}
	return wrapConfig(FABRIC, conf)
}

// GetVerifyingMspConfig is VerifyingConfigFromDir for a provider by its name, "bccsp" or "idemix".
func GetVerifyingMspConfig(dir, ID, mspType string) (*msp.MSPConfig, error) {
	switch mspType {
	case ProviderTypeToString(FABRIC):
		return VerifyingConfigFromDir(dir, ID)
	case ProviderTypeToString(IDEMIX):
		return GetIdemixMspConfig(dir, ID)
	}
	return nil, errors.Errorf("unknown MSP type %q", mspType)
}

// readDirectory reads all but the signing identity.
func readDirectory(dir, id string) (*msp.FabricMSPConfig, error) {
	conf := &msp.FabricMSPConfig{
		Name: id,
		CryptoConfig: &msp.FabricCryptoConfig{
			SignatureHashFamily:            "SHA2",
			IdentityIdentifierHashFunction: "SHA256",
		},
	}
	var err error
	if conf.RootCerts, err = readRequired(dir, rootFolder); err != nil {
		return nil, err
	}
	if conf.Admins, err = readRequired(dir, adminFolder); err != nil {
		return nil, err
	}
	if conf.IntermediateCerts, err = readOptional(dir, intermediateFolder); err != nil {
		return nil, err
	}
	if conf.RevocationList, err = readOptional(dir, revocationFolder); err != nil {
		return nil, err
	}
	if conf.TlsRootCerts, err = readOptional(dir, tlsRootFolder); err != nil {
		return nil, err
	}
	if len(conf.TlsRootCerts) > 0 {
		if conf.TlsIntermediateCerts, err = readOptional(dir, tlsIntermediateFolder); err != nil {
			return nil, err
		}
	}
	return conf, addUnits(conf, dir)
}

// wrapConfig makes the configuration of an MSP of the given kind.
func wrapConfig(kind ProviderType, conf proto.Message) (*msp.MSPConfig, error) {
	raw, err := proto.Marshal(conf)
	if err != nil {
		return nil, errors.Wrap(err, "encoding the configuration of an MSP")
	}
	return &msp.MSPConfig{Type: int32(kind), Config: raw}, nil
}

// readRequired returns the PEM files of a folder that has to have some.
func readRequired(dir, folder string) ([][]byte, error) {
	path := filepath.Join(dir, folder)
	items, err := readFolder(path)
	if err != nil {
		return nil, errors.Wrapf(err, "reading the MSP directory %s", dir)
	}
	if len(items) == 0 {
		return nil, errors.Errorf("%s has no PEM file in it, an MSP needs at least one", path)
	}
	return items, nil
}

// readOptional is readRequired for a folder that may be empty or missing.
func readOptional(dir, folder string) ([][]byte, error) {
	items, err := readFolder(filepath.Join(dir, folder))
	if os.IsNotExist(errors.Cause(err)) {
		return nil, nil
	}
	return items, errors.Wrapf(err, "reading the MSP directory %s", dir)
}

// readFolder returns the contents of the PEM files of a folder, in the order of their names. Links are followed. What
// cannot be read or is not PEM is skipped with a warning; folders are skipped silently.
func readFolder(path string) ([][]byte, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var items [][]byte
	for _, entry := range entries {
		file := filepath.Join(path, entry.Name())
		info, err := os.Stat(file)
		if err == nil && info.IsDir() {
			continue
		}
		item, err := readPEM(file)
		if err != nil {
			logger.Warningf("Skipping a file of an MSP directory: %v", err)
			continue
		}
		items = append(items, item)
	}
	return items, nil
}

// readPEM returns a whole file that has a PEM block in it.
func readPEM(file string) ([]byte, error) {
	item, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(item); block == nil {
		return nil, errors.Errorf("%s is not PEM", file)
	}
	return item, nil
}
