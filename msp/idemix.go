// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"sync/atomic"

	"github.com/golang/protobuf/proto"
	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// idemixStandIn takes the place of an Idemix MSP in a channel's configuration. It has the organisation's name, so that
// the configuration as a whole is good, and recognises nobody.
type idemixStandIn struct {
	version MSPVersion
	name    atomic.Pointer[string]
}

// Setup learns the MSP's name.
func (s *idemixStandIn) Setup(config *msp.MSPConfig) error {
	if config == nil {
		return errors.New("an MSP cannot be set up without a configuration")
	}
	conf := &msp.IdemixMSPConfig{}
	if err := proto.Unmarshal(config.Config, conf); err != nil {
		return errors.Wrap(err, "the configuration is not one of an Idemix MSP")
	}
	if conf.Name == "" {
		return errors.New("the Idemix MSP has no name")
	}
	s.name.Store(&conf.Name)
	logger.Warningf("MSP %s uses Idemix, which is not supported here: its members will not be recognised", conf.Name)
	return nil
}

func (s *idemixStandIn) unsupported() error {
	name, _ := s.GetIdentifier()
	return errors.Errorf("MSP %s uses Idemix, which is not supported", name)
}

func (s *idemixStandIn) GetVersion() MSPVersion {
	return s.version
}

func (s *idemixStandIn) GetType() ProviderType {
	return IDEMIX
}

func (s *idemixStandIn) GetIdentifier() (string, error) {
	if name := s.name.Load(); name != nil {
		return *name, nil
	}
	return "", nil
}

func (s *idemixStandIn) GetTLSRootCerts() [][]byte {
	return nil
}

func (s *idemixStandIn) GetTLSIntermediateCerts() [][]byte {
	return nil
}

func (s *idemixStandIn) GetDefaultSigningIdentity() (SigningIdentity, error) {
	return nil, s.unsupported()
}

func (s *idemixStandIn) GetSigningIdentity(*IdentityIdentifier) (SigningIdentity, error) {
	return nil, s.unsupported()
}

func (s *idemixStandIn) DeserializeIdentity([]byte) (Identity, error) {
	return nil, s.unsupported()
}

func (s *idemixStandIn) IsWellFormed(*msp.SerializedIdentity) error {
	return s.unsupported()
}

func (s *idemixStandIn) Validate(Identity) error {
	return s.unsupported()
}

func (s *idemixStandIn) SatisfiesPrincipal(Identity, *msp.MSPPrincipal) error {
	return s.unsupported()
}
