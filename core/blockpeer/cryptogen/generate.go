// SPDX-License-Identifier: Apache-2.0

package cryptogen

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Units that tell kinds of nodes apart.
const (
	peerOU   = "peer"
	clientOU = "client"
)

// adminUser is the one user every organisation has.
const adminUser = "Admin"

// OrgSpec describes an organisation.
type OrgSpec struct {
	// Domain names the organisation's folder, CAs, nodes and users.
	Domain string
	// MSPID is not written anywhere: MSP directories do not contain it. It is here for the caller's convenience.
	MSPID string
	// Orderer makes the nodes orderers; they are peers otherwise.
	Orderer bool
	// NodeOUs marks certificates as a peer's or a client's, and tells MSPs to insist on it. Orderers have no such mark, so
	// it means nothing for an organisation that orders.
	NodeOUs bool
	// Nodes are short host names: peer0 becomes peer0.<Domain>.
	Nodes []string
	// Users are the users besides Admin: User1 becomes User1@<Domain>.
	Users []string
	// SANs are further names and addresses by which all nodes can be reached, such as localhost and 127.0.0.1.
	SANs []string
}

// Dir returns the organisation's folder below the root that was given to Generate.
func (o OrgSpec) Dir(root string) string {
	if o.Orderer {
		return filepath.Join(root, "ordererOrganizations", o.Domain)
	}
	return filepath.Join(root, "peerOrganizations", o.Domain)
}

// MSPDir returns the organisation's own MSP directory, the one that goes into a channel's configuration.
func (o OrgSpec) MSPDir(root string) string {
	return filepath.Join(o.Dir(root), "msp")
}

// NodeDir returns the folder of a node by its short name, with msp and tls inside.
func (o OrgSpec) NodeDir(root, node string) string {
	kind := "peers"
	if o.Orderer {
		kind = "orderers"
	}
	return filepath.Join(o.Dir(root), kind, node+"."+o.Domain)
}

// UserDir returns the folder of a user by its short name, with msp and tls inside.
func (o OrgSpec) UserDir(root, user string) string {
	return filepath.Join(o.Dir(root), "users", user+"@"+o.Domain)
}

// Generate makes the material of the organisations below dir. It refuses to touch an organisation's folder that exists
// already. After an error some of the files may have been written.
func Generate(dir string, orgs ...OrgSpec) error {
	for _, org := range orgs {
		if err := org.check(); err != nil {
			return err
		}
	}
	for _, org := range orgs {
		if err := generateOrg(dir, org); err != nil {
			return fmt.Errorf("crypto material of %s: %w", org.Domain, err)
		}
	}
	return nil
}

// check returns an error for names that do not make file names, or occur twice.
func (o OrgSpec) check() error {
	if !isFileName(o.Domain) {
		return fmt.Errorf("%q is not a domain for an organisation", o.Domain)
	}
	seen := map[string]bool{"@" + adminUser: true}
	for prefix, names := range map[string][]string{"": o.Nodes, "@": o.Users} {
		for _, name := range names {
			if !isFileName(name) {
				return fmt.Errorf("%s: %q is not a name for a node or user", o.Domain, name)
			}
			if seen[prefix+name] {
				return fmt.Errorf("%s: the name %q occurs twice", o.Domain, name)
			}
			seen[prefix+name] = true
		}
	}
	return nil
}

func isFileName(name string) bool {
	return name != "" && !strings.HasPrefix(name, ".") && !strings.ContainsAny(name, "/\\\x00")
}

// organisation is what its files are made from.
type organisation struct {
	OrgSpec
	tree
	root      string
	ca, tlsCA *CA
	admin     *Pair
}

func generateOrg(root string, spec OrgSpec) error {
	dir := spec.Dir(root)
	if _, err := os.Stat(dir); err == nil {
		return fmt.Errorf("%s exists already", dir)
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	o := &organisation{OrgSpec: spec, root: root}
	o.enforced()
	var err error
	if o.ca, err = NewCA(o.Domain, "ca."+o.Domain); err != nil {
		return err
	}
	if o.tlsCA, err = NewCA(o.Domain, "tlsca."+o.Domain); err != nil {
		return err
	}
	if o.admin, err = o.ca.Issue(o.leaf(adminUser+"@"+o.Domain, clientOU)); err != nil {
		return err
	}
	o.authority("ca", o.ca)
	o.authority("tlsca", o.tlsCA)
	o.membership(o.MSPDir(root), adminUser+"@"+o.Domain, o.admin, true)
	for _, node := range o.Nodes {
		o.keep(o.node(node))
	}
	for _, user := range append([]string{adminUser}, o.Users...) {
		o.keep(o.user(user))
	}
	return o.err
}

// enforced settles whether this organisation's certificates carry the marks of node units.
func (o *organisation) enforced() {
	o.NodeOUs = o.NodeOUs && !o.Orderer
}

// leaf describes a signing certificate, with the unit where units are in force.
func (o *organisation) leaf(name, unit string) Leaf {
	l := Leaf{CommonName: name}
	if o.NodeOUs {
		l.OUs = []string{unit}
	}
	return l
}

// authority writes the folder of a CA.
func (o *organisation) authority(folder string, ca *CA) {
	dir := filepath.Join(o.Dir(o.root), folder)
	o.keyInStore(dir, &ca.Pair)
	o.file(filepath.Join(dir, certFile(ca.Cert.Subject.CommonName)), ca.CertPEM())
}

// membership writes what all MSP directories of the organisation have; admin's certificate goes under the given name.
func (o *organisation) membership(dir, adminName string, admin *Pair, withUnits bool) {
	o.file(filepath.Join(dir, "cacerts", certFile(o.ca.Cert.Subject.CommonName)), o.ca.CertPEM())
	o.file(filepath.Join(dir, "tlscacerts", certFile(o.tlsCA.Cert.Subject.CommonName)), o.tlsCA.CertPEM())
	o.file(filepath.Join(dir, "admincerts", certFile(adminName)), admin.CertPEM())
	if withUnits && o.NodeOUs {
		o.file(filepath.Join(dir, "config.yaml"), unitsConfig("cacerts/"+certFile(o.ca.Cert.Subject.CommonName)))
	}
}

// node makes and writes one node.
func (o *organisation) node(short string) error {
	name := short + "." + o.Domain
	id, err := o.ca.Issue(o.leaf(name, peerOU))
	if err != nil {
		return err
	}
	dir := o.NodeDir(o.root, short)
	o.membership(filepath.Join(dir, "msp"), adminUser+"@"+o.Domain, o.admin, true)
	o.signer(filepath.Join(dir, "msp"), name, id)
	return o.tls(filepath.Join(dir, "tls"), "server", Leaf{
		CommonName: name,
		TLS:        true,
		SANs:       append([]string{name, short}, o.SANs...),
	})
}

// user makes and writes one user, who is the admin of the MSP in its own folder.
func (o *organisation) user(short string) error {
	name := short + "@" + o.Domain
	id := o.admin
	if short != adminUser {
		var err error
		if id, err = o.ca.Issue(o.leaf(name, clientOU)); err != nil {
			return err
		}
	}
	dir := o.UserDir(o.root, short)
	o.membership(filepath.Join(dir, "msp"), name, id, false)
	o.signer(filepath.Join(dir, "msp"), name, id)
	return o.tls(filepath.Join(dir, "tls"), "client", Leaf{CommonName: name, TLS: true})
}

// tls makes and writes a TLS certificate with its key and CA.
func (o *organisation) tls(dir, role string, leaf Leaf) error {
	pair, err := o.tlsCA.Issue(leaf)
	if err != nil {
		return err
	}
	o.file(filepath.Join(dir, "ca.crt"), o.tlsCA.CertPEM())
	o.file(filepath.Join(dir, role+".crt"), pair.CertPEM())
	o.key(filepath.Join(dir, role+".key"), pair)
	return nil
}

// signer writes the part of an MSP directory that makes it one's own.
func (t *tree) signer(dir, name string, id *Pair) {
	t.file(filepath.Join(dir, "signcerts", certFile(name)), id.CertPEM())
	t.keyInStore(filepath.Join(dir, "keystore"), id)
}

func certFile(commonName string) string {
	return commonName + "-cert.pem"
}

// unitsConfig is the config.yaml that makes an MSP insist on node units, vouched for by the given certificate.
func unitsConfig(certificate string) []byte {
	return fmt.Appendf(nil, `NodeOUs:
  Enable: true
  ClientOUIdentifier:
    Certificate: %[1]s
    OrganizationalUnitIdentifier: %[2]s
  PeerOUIdentifier:
    Certificate: %[1]s
    OrganizationalUnitIdentifier: %[3]s
`, certificate, clientOU, peerOU)
}
