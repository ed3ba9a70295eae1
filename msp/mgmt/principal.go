// SPDX-License-Identifier: Apache-2.0

package mgmt

import (
	"github.com/golang/protobuf/proto"
	mspproto "github.com/hyperledger/fabric/protos/msp"
	"github.com/pkg/errors"
)

// The roles of the local MSP that a principal can be asked for by name.
const (
	Admins  = "Admins"
	Members = "Members"
)

// MSPPrincipalGetter returns principals by the name of their role.
type MSPPrincipalGetter interface {
	Get(role string) (*mspproto.MSPPrincipal, error)
}

type localPrincipals struct{}

// NewLocalMSPPrincipalGetter returns the getter for roles of the local MSP.
func NewLocalMSPPrincipalGetter() MSPPrincipalGetter {
	return localPrincipals{}
}

// Get knows Admins and Members.
func (localPrincipals) Get(role string) (*mspproto.MSPPrincipal, error) {
	var kind mspproto.MSPRole_MSPRoleType
	switch role {
	case Admins:
		kind = mspproto.MSPRole_ADMIN
	case Members:
		kind = mspproto.MSPRole_MEMBER
	default:
		return nil, errors.Errorf("there is no local principal %q, only %q and %q", role, Admins, Members)
	}
	id, err := GetLocalMSP().GetIdentifier()
	if err != nil {
		return nil, errors.WithMessage(err, "local MSP")
	}
	raw, err := proto.Marshal(&mspproto.MSPRole{MspIdentifier: id, Role: kind})
	if err != nil {
		return nil, errors.Wrapf(err, "encoding the principal %q", role)
	}
	return &mspproto.MSPPrincipal{
		PrincipalClassification: mspproto.MSPPrincipal_ROLE,
		Principal:               raw,
	}, nil
}
