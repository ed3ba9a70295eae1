// SPDX-License-Identifier: Apache-2.0

package msp

import (
	"time"

	"github.com/hyperledger/fabric/protos/msp"
)

// IdentityDeserializer is what most callers need of an MSP or of a manager of several: bytes in, identity out.
type IdentityDeserializer interface {
	// DeserializeIdentity reads a marshalled SerializedIdentity. Success says that the certificate chains to the
	// organisation it names, not that the identity is acceptable: ask Validate for that.
	DeserializeIdentity(serializedIdentity []byte) (Identity, error)

	// IsWellFormed reports whether the identity is written in the one form this provider would write it in. It is
	// stricter than DeserializeIdentity and must never decide about transactions.
	IsWellFormed(identity *msp.SerializedIdentity) error
}

// MSPManager serves the MSPs of one channel.
type MSPManager interface {
	IdentityDeserializer

	// Setup takes over the given MSPs, which must have been set up themselves. Only the first call counts.
	Setup(msps []MSP) error

	// GetMSPs returns the MSPs by identifier. The map belongs to the manager: do not change it.
	GetMSPs() (map[string]MSP, error)
}

// MSP is the membership of one organisation.
type MSP interface {
	IdentityDeserializer

	// Setup makes the MSP follow the given configuration. After an error the former membership still holds.
	Setup(config *msp.MSPConfig) error

	// GetVersion tells whose rules are followed, see MSPVersion.
	GetVersion() MSPVersion

	// GetType tells the kind of provider.
	GetType() ProviderType

	// GetIdentifier returns the MSP ID, "" before Setup.
	GetIdentifier() (string, error)

	// GetSigningIdentity looks a signing identity up by its identifier.
	GetSigningIdentity(identifier *IdentityIdentifier) (SigningIdentity, error)

	// GetDefaultSigningIdentity returns the identity this process signs with; only a local MSP has one.
	GetDefaultSigningIdentity() (SigningIdentity, error)

	// GetTLSRootCerts returns the TLS root certificates in PEM, as configured.
	GetTLSRootCerts() [][]byte

	// GetTLSIntermediateCerts returns the intermediate TLS certificates in PEM, as configured.
	GetTLSIntermediateCerts() [][]byte

	// Validate returns nil if the identity is a valid one of this organisation.
	Validate(id Identity) error

	// SatisfiesPrincipal returns nil if the identity is what the principal describes.
	SatisfiesPrincipal(id Identity, principal *msp.MSPPrincipal) error
}

// OUIdentifier is an organisational unit together with the certificate authorities that vouch for it.
type OUIdentifier struct {
	// CertifiersIdentifier is the hash over the chain of authorities, from the issuer up to the root.
	CertifiersIdentifier []byte
	// OrganizationalUnitIdentifier is the unit's name in the certificate's subject.
	OrganizationalUnitIdentifier string
}

// Identity is somebody's public side: a certificate and what its MSP says about it.
type Identity interface {
	// ExpiresAt is when the identity runs out; the zero time if it never does. Nothing else here enforces it.
	ExpiresAt() time.Time

	// GetIdentifier names the identity: MSP ID and hash of the certificate.
	GetIdentifier() *IdentityIdentifier

	// GetMSPIdentifier returns the MSP ID.
	GetMSPIdentifier() string

	// Validate asks the identity's MSP whether it is valid.
	Validate() error

	// GetOrganizationalUnits lists the units the identity belongs to; empty if its chain is not acceptable.
	GetOrganizationalUnits() []*OUIdentifier

	// Anonymous reports whether the identity hides who it is. X.509 identities do not.
	Anonymous() bool

	// Verify returns nil if sig is this identity's signature over msg.
	Verify(msg []byte, sig []byte) error

	// Serialize returns the bytes that DeserializeIdentity reads; the caller owns them.
	Serialize() ([]byte, error)

	// SatisfiesPrincipal asks the identity's MSP whether it is what the principal describes.
	SatisfiesPrincipal(principal *msp.MSPPrincipal) error
}

// SigningIdentity is an identity whose private key is at hand.
type SigningIdentity interface {
	Identity

	// Sign signs msg (not its digest).
	Sign(msg []byte) ([]byte, error)

	// GetPublicVersion returns the identity without its key.
	GetPublicVersion() Identity
}

// IdentityIdentifier names an identity inside its MSP.
type IdentityIdentifier struct {
	// Mspid is the identifier of the MSP.
	Mspid string
	// Id is unique for the identity inside it: the hex hash of the certificate.
	Id string
}

// ProviderType is a kind of MSP; the numbers are those of MSPConfig.type.
type ProviderType int

// The kinds of MSP.
const (
	FABRIC ProviderType = iota // X.509
	IDEMIX                     // anonymous credentials
	OTHER                      // anything else
)

// providerNames are the spellings used in configuration files.
var providerNames = map[ProviderType]string{
	FABRIC: "bccsp",
	IDEMIX: "idemix",
}

// ProviderTypeToString returns the name of a provider in configuration files, "" if it has none.
func ProviderTypeToString(id ProviderType) string {
	return providerNames[id]
}
