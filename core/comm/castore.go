// SPDX-License-Identifier: Apache-2.0

package comm

import "sync"

// CASupport holds the CA certificates that TLS trusts. Each entry is PEM and
// may hold several certificates. Whoever touches the fields of a store that is
// in use holds the embedded lock; the methods take it themselves.
type CASupport struct {
	sync.RWMutex
	// By channel: the CAs of its application and of its orderer organizations.
	AppRootCAsByChain     map[string][][]byte
	OrdererRootCAsByChain map[string][][]byte
	// From local configuration: what is trusted on all channels as the CA of
	// clients and of servers.
	ClientRootCAs [][]byte
	ServerRootCAs [][]byte
}

// GetServerRootCAs returns the CAs to trust when dialling: those of all
// channels' application organizations with the static ServerRootCAs after them,
// and those of all channels' orderer organizations. Neither is nil, the
// channels come in no particular order, and duplicates are kept.
func (cas *CASupport) GetServerRootCAs() (appRootCAs, ordererRootCAs [][]byte) {
	cas.RLock()
	defer cas.RUnlock()
	return cas.rootCAs(cas.ServerRootCAs)
}

// GetClientRootCAs is GetServerRootCAs for verifying clients: with the static
// ClientRootCAs.
func (cas *CASupport) GetClientRootCAs() (appRootCAs, ordererRootCAs [][]byte) {
	cas.RLock()
	defer cas.RUnlock()
	return cas.rootCAs(cas.ClientRootCAs)
}

// rootCAs wants the caller to hold the lock.
func (cas *CASupport) rootCAs(static [][]byte) (appRootCAs, ordererRootCAs [][]byte) {
	appRootCAs = append(allChannels(cas.AppRootCAsByChain), static...)
	return appRootCAs, allChannels(cas.OrdererRootCAsByChain)
}

func allChannels(byChannel map[string][][]byte) [][]byte {
	all := [][]byte{}
	for _, entries := range byChannel {
		all = append(all, entries...)
	}
	return all
}
