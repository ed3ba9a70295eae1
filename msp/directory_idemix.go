// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"os"
	"path/filepath"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// The files of an Idemix MSP directory.
const (
	IdemixConfigDirMsp                  = "msp"
	IdemixConfigDirUser                 = "user"
	IdemixConfigFileIssuerPublicKey     = "IssuerPublicKey"
	IdemixConfigFileRevocationPublicKey = "RevocationPublicKey"
	IdemixConfigFileSigner              = "SignerConfig"
)

// GetIdemixMspConfig reads the configuration of an Idemix MSP, so that a channel with such an organisation can be
// described. Only a signer's file may be missing.
func GetIdemixMspConfig(dir, ID string) (*msp.MSPConfig, error) {
	conf := &msp.IdemixMSPConfig{Name: ID}
	var err error
	if conf.Ipk, err = os.ReadFile(filepath.Join(dir, IdemixConfigDirMsp, IdemixConfigFileIssuerPublicKey)); err != nil {
		return nil, errors.Wrap(err, "reading the issuer's key of an Idemix MSP")
	}
	if conf.RevocationPk, err = os.ReadFile(filepath.Join(dir, IdemixConfigDirMsp, IdemixConfigFileRevocationPublicKey)); err != nil {
		return nil, errors.Wrap(err, "reading the revocation key of an Idemix MSP")
	}
	raw, err := os.ReadFile(filepath.Join(dir, IdemixConfigDirUser, IdemixConfigFileSigner))
	if err != nil && !os.IsNotExist(err) {
		return nil, errors.Wrap(err, "reading the signer of an Idemix MSP")
	}
	if err == nil {
		conf.Signer = &msp.IdemixMSPSignerConfig{}
		if err := proto.Unmarshal(raw, conf.Signer); err != nil {
			return nil, errors.Wrap(err, "decoding the signer of an Idemix MSP")
		}
	}
	return wrapConfig(IDEMIX, conf)
}
