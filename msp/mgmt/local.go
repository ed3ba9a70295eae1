// SPDX-License-Identifier: Apache-2.0

package mgmt

import (
	"fmt"
	"sync"

	"github.com/hyperledger/fabric/msp"
	"github.com/hyperledger/fabric/msp/cache"
	"github.com/pkg/errors"
	"github.com/spf13/viper"
)

// localTypeKey is the configuration key that chooses the kind of local MSP; absent means X.509.
const localTypeKey = "peer.localMspType"

// localMSP is made at its first use; the lock guards the making, not the use.
var localMSP struct {
	sync.Mutex
	msp.MSP
}

// GetLocalMSP returns this process's MSP. It is made on the first call, by the type that peer.localMspType names then,
// and recognises nobody until it is set up. It panics if the type is none that exists: the process cannot do anything
// useful with such a configuration.
func GetLocalMSP() msp.MSP {
	localMSP.Lock()
	defer localMSP.Unlock()
	if localMSP.MSP == nil {
		made, err := newLocalMSP(viper.GetString(localTypeKey))
		if err != nil {
			panic(fmt.Sprintf("local MSP: %s: %v", localTypeKey, err))
		}
		localMSP.MSP = made
	}
	return localMSP.MSP
}

// newLocalMSP makes the local MSP of the given type. Its X.509 version is the oldest one, whatever the channels can:
// v1.3.0 does the same, and it decides which identities of our own organisation are accepted.
func newLocalMSP(kind string) (msp.MSP, error) {
	switch kind {
	case "", msp.ProviderTypeToString(msp.FABRIC):
		inner, err := msp.New(&msp.BCCSPNewOpts{NewBaseOpts: msp.NewBaseOpts{Version: msp.MSPv1_0}})
		if err != nil {
			return nil, err
		}
		return cache.New(inner)
	case msp.ProviderTypeToString(msp.IDEMIX):
		return msp.New(&msp.IdemixNewOpts{NewBaseOpts: msp.NewBaseOpts{Version: msp.MSPv1_1}})
	}
	return nil, errors.Errorf("unknown MSP type %q", kind)
}

// LoadLocalMspFromDir sets the local MSP up from a directory in cryptogen's layout, private key included (the key is
// looked for in dir/keystore). It may be called again, for instance after the node's certificate was renewed.
func LoadLocalMspFromDir(dir, mspID string) error {
	if mspID == "" {
		return errors.New("the local MSP must have an ID")
	}
	conf, err := msp.LocalConfigFromDir(dir, mspID)
	if err != nil {
		return err
	}
	return errors.WithMessagef(GetLocalMSP().Setup(conf), "setting up the local MSP %s from %s", mspID, dir)
}

// GetLocalSigningIdentityOrPanic returns the identity this process signs with. It panics if there is none, so it is
// for start-up code that cannot go on without.
func GetLocalSigningIdentityOrPanic() msp.SigningIdentity {
	id, err := GetLocalMSP().GetDefaultSigningIdentity()
	if err != nil {
		panic(fmt.Sprintf("this process has no signing identity: %v", err))
	}
	return id
}
