// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"os"
	"path/filepath"

	"github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
	"go.yaml.in/yaml/v3"
)

// Configuration is what config.yaml of an MSP directory can say. Other keys in the file are ignored.
type Configuration struct {
	// OrganizationalUnitIdentifiers lists units of which an identity must have one.
	OrganizationalUnitIdentifiers []*OrganizationalUnitIdentifiersConfiguration `yaml:"OrganizationalUnitIdentifiers,omitempty"`
	// NodeOUs tells the units of clients and peers.
	NodeOUs *NodeOUs `yaml:"NodeOUs,omitempty"`
}

// NodeOUs is the section about units of nodes.
type NodeOUs struct {
	Enable             bool                                        `yaml:"Enable,omitempty"`
	ClientOUIdentifier *OrganizationalUnitIdentifiersConfiguration `yaml:"ClientOUIdentifier,omitempty"`
	PeerOUIdentifier   *OrganizationalUnitIdentifiersConfiguration `yaml:"PeerOUIdentifier,omitempty"`
}

// OrganizationalUnitIdentifiersConfiguration names a unit and the authority that vouches for it.
type OrganizationalUnitIdentifiersConfiguration struct {
	// Certificate is the authority's file, relative to the MSP directory.
	Certificate string `yaml:"Certificate,omitempty"`
	// OrganizationalUnitIdentifier is the unit's name.
	OrganizationalUnitIdentifier string `yaml:"OrganizationalUnitIdentifier,omitempty"`
}

// addUnits adds to conf what config.yaml says, if there is one.
func addUnits(conf *msp.FabricMSPConfig, dir string) error {
	file := filepath.Join(dir, configurationFile)
	raw, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return errors.Wrap(err, "reading the units of an MSP")
	}
	var parsed Configuration
	if err := yaml.Unmarshal(raw, &parsed); err != nil {
		return errors.Wrapf(err, "%s is not the configuration of an MSP", file)
	}
	for i, unit := range parsed.OrganizationalUnitIdentifiers {
		if unit == nil {
			return errors.Errorf("%s: OrganizationalUnitIdentifiers has nothing at %d", file, i)
		}
		certificate, err := readPEM(filepath.Join(dir, unit.Certificate))
		if err != nil {
			return errors.Wrapf(err, "certificate of the organizational unit %q", unit.OrganizationalUnitIdentifier)
		}
		conf.OrganizationalUnitIdentifiers = append(conf.OrganizationalUnitIdentifiers, &msp.FabricOUIdentifier{
			Certificate:                  certificate,
			OrganizationalUnitIdentifier: unit.OrganizationalUnitIdentifier,
		})
	}
	if parsed.NodeOUs == nil || !parsed.NodeOUs.Enable {
		return nil
	}
	conf.FabricNodeOus, err = readNodeUnits(parsed.NodeOUs, dir)
	return errors.WithMessage(err, file)
}

func readNodeUnits(nodes *NodeOUs, dir string) (*msp.FabricNodeOUs, error) {
	client, err := readNodeUnit("ClientOUIdentifier", nodes.ClientOUIdentifier, dir)
	if err != nil {
		return nil, err
	}
	peer, err := readNodeUnit("PeerOUIdentifier", nodes.PeerOUIdentifier, dir)
	if err != nil {
		return nil, err
	}
	return &msp.FabricNodeOUs{Enable: true, ClientOuIdentifier: client, PeerOuIdentifier: peer}, nil
}

// readNodeUnit reads one unit; a certificate that cannot be read leaves the unit without a certifier.
func readNodeUnit(key string, unit *OrganizationalUnitIdentifiersConfiguration, dir string) (*msp.FabricOUIdentifier, error) {
	if unit == nil || unit.OrganizationalUnitIdentifier == "" {
		return nil, errors.Errorf("NodeOUs are enabled, but %s does not name a unit", key)
	}
	id := &msp.FabricOUIdentifier{OrganizationalUnitIdentifier: unit.OrganizationalUnitIdentifier}
	if unit.Certificate == "" {
		return id, nil
	}
	certificate, err := readPEM(filepath.Join(dir, unit.Certificate))
	if err != nil {
		logger.Warningf("Any authority may vouch for the unit %q (%s), as its certificate cannot be read: %v", unit.OrganizationalUnitIdentifier, key, err)
		return id, nil
	}
	id.Certificate = certificate
	return id, nil
}
