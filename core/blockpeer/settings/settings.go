// SPDX-License-Identifier: Apache-2.0

// Package settings reads what a block-moving peer is told by its operator: a
// Fabric core.yaml and the CORE_ environment variables that override it.
//
// It fills the process's global viper, because the delivery packages read
// their own keys from there as they do in a Fabric peer, and returns the keys
// that the peer's assembly needs as one checked value. Every complaint names
// the key, the file it came from, and what to do.
package settings

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/viper"
)

// TLS is the transport security of a peer. Paths are absolute.
type TLS struct {
	Enabled    bool
	Cert, Key  string // the server's pair
	RootCert   string // "" when there is none
	ClientCert string // the client's pair; the server's where none is set
	ClientKey  string
}

// Settings is a checked configuration.
type Settings struct {
	File      string // the core.yaml in use; "" when there is none
	ID        string // peer.id, for logs
	MSPID     string
	MSPDir    string
	Dir       string // where the peer keeps its data
	TLS       TLS
	OrgLeader bool
}

// locations are searched, in order, when neither a file nor FABRIC_CFG_PATH is
// given.
var locations = []string{".", "/etc/hyperledger/fabric"}

const (
	folderVariable = "FABRIC_CFG_PATH"
	fileName       = "core.yaml"
)

// Load reads file, or the core.yaml in the folder that FABRIC_CFG_PATH names,
// or the first one found in the usual places; having none at all is fine as
// long as the environment says everything. It replaces the global viper's
// configuration.
func Load(file string) (*Settings, error) {
	viper.SetEnvPrefix("core")
	viper.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))
	viper.AutomaticEnv()
	path, err := locate(file)
	if err != nil {
		return nil, err
	}
	if path != "" {
		viper.SetConfigFile(path)
		viper.SetConfigType("yaml") // whatever the file's name ends in
		if err := viper.ReadInConfig(); err != nil {
			return nil, fmt.Errorf("cannot read the configuration %s: %w", path, err)
		}
	}
	return collect(path)
}

// locate finds the configuration file; "" without error means there is none.
func locate(file string) (string, error) {
	if file != "" {
		return filepath.Abs(file)
	}
	if folder := os.Getenv(folderVariable); folder != "" {
		path := filepath.Join(folder, fileName)
		if _, err := os.Stat(path); err != nil {
			return "", fmt.Errorf("%s=%s holds no readable %s: %w", folderVariable, folder, fileName, err)
		}
		return filepath.Abs(path)
	}
	for _, folder := range locations {
		path := filepath.Join(folder, fileName)
		if _, err := os.Stat(path); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", nil
}

func collect(file string) (*Settings, error) {
	r := reader{file: file}
	s := &Settings{
		File:      file,
		ID:        viper.GetString("peer.id"),
		MSPID:     r.required("peer.localMspId", "the MSP ID of this peer's organization"),
		MSPDir:    r.path("peer.mspConfigPath", true),
		Dir:       r.path("peer.fileSystemPath", false),
		OrgLeader: viper.GetBool("peer.gossip.orgLeader"),
		TLS:       TLS{Enabled: viper.GetBool("peer.tls.enabled")},
	}
	if s.Dir == "" {
		r.complain("peer.fileSystemPath is not set: it names the folder for this peer's blocks")
	}
	if s.TLS.Enabled {
		s.TLS.Cert = r.path("peer.tls.cert.file", true)
		s.TLS.Key = r.path("peer.tls.key.file", true)
		s.TLS.RootCert = r.path("peer.tls.rootcert.file", false)
		s.TLS.ClientCert, s.TLS.ClientKey = r.clientPair(s.TLS)
	}
	if viper.GetBool("peer.gossip.useLeaderElection") && s.OrgLeader {
		r.complain("peer.gossip.orgLeader and peer.gossip.useLeaderElection are both true: a peer is either a static leader or takes part in election")
	}
	return s, r.err()
}

// reader collects complaints, so that an operator sees all of them at once.
type reader struct {
	file       string
	complaints []error
}

func (r *reader) complain(format string, args ...any) {
	r.complaints = append(r.complaints, fmt.Errorf(format, args...))
}

func (r *reader) err() error {
	if len(r.complaints) == 0 {
		return nil
	}
	source := "the environment (no core.yaml was found)"
	if r.file != "" {
		source = r.file
	}
	return fmt.Errorf("configuration from %s: %w", source, errors.Join(r.complaints...))
}

func (r *reader) required(key, what string) string {
	value := viper.GetString(key)
	if value == "" {
		r.complain("%s is not set: it is %s (in the environment: %s)", key, what, variable(key))
	}
	return value
}

// path resolves a file or folder relative to the configuration file, also when
// its name comes from the environment, as Fabric does.
func (r *reader) path(key string, required bool) string {
	value := viper.GetString(key)
	if value == "" {
		if required {
			r.complain("%s is not set (in the environment: %s)", key, variable(key))
		}
		return ""
	}
	if !filepath.IsAbs(value) && r.file != "" {
		value = filepath.Join(filepath.Dir(r.file), value)
	}
	absolute, err := filepath.Abs(value)
	if err != nil {
		r.complain("%s: %w", key, err)
	}
	if required {
		if _, err := os.Stat(absolute); err != nil {
			r.complain("%s: %w", key, err)
		}
	}
	return absolute
}

// clientPair is the client's certificate and key, both or neither of which are
// set; the server's pair stands in for them.
func (r *reader) clientPair(t TLS) (cert, key string) {
	cert = r.path("peer.tls.clientCert.file", false)
	key = r.path("peer.tls.clientKey.file", false)
	switch {
	case cert == "" && key == "":
		return t.Cert, t.Key
	case cert == "":
		r.complain("peer.tls.clientKey.file is set but peer.tls.clientCert.file is not: set both or neither")
	case key == "":
		r.complain("peer.tls.clientCert.file is set but peer.tls.clientKey.file is not: set both or neither")
	}
	return cert, key
}

// variable is the environment variable that overrides a key.
func variable(key string) string {
	return "CORE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}
