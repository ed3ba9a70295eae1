// SPDX-License-Identifier: Apache-2.0

package util

import (
	"sync"

	"github.com/hyperledger/fabric/common/flogging"
	"go.uber.org/zap/zapcore"
)

// Names of the modules that gossip logs under; operators set levels by them.
const (
	LoggingChannelModule   = "gossip/channel"
	LoggingCommModule      = "gossip/comm"
	LoggingDiscoveryModule = "gossip/discovery"
	LoggingElectionModule  = "gossip/election"
	LoggingGossipModule    = "gossip/gossip"
	LoggingMockModule      = "gossip/comm/mock"
	LoggingPullModule      = "gossip/pull"
	LoggingServiceModule   = "gossip/service"
	LoggingStateModule     = "gossip/state"
	LoggingPrivModule      = "gossip/privdata"
)

// Logger is what gossip needs of a logger; *flogging.FabricLogger is one.
type Logger interface {
	Debug(args ...interface{})
	Debugf(format string, args ...interface{})
	Error(args ...interface{})
	Errorf(format string, args ...interface{})
	Fatal(args ...interface{})
	Fatalf(format string, args ...interface{})
	Info(args ...interface{})
	Infof(format string, args ...interface{})
	Panic(args ...interface{})
	Panicf(format string, args ...interface{})
	Warning(args ...interface{})
	Warningf(format string, args ...interface{})
	IsEnabledFor(l zapcore.Level) bool
}

// loggers is the process's one registry of gossip loggers.
var loggers = loggerRegistry{byName: make(map[string]Logger)}

type loggerRegistry struct {
	mutex   sync.Mutex
	byName  map[string]Logger
	perPeer bool // tests run several peers in a process and tell them apart
}

func (r *loggerRegistry) get(module, peerID string) Logger {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	name := module
	if r.perPeer && peerID != "" {
		name = module + "#" + peerID
	}
	logger, known := r.byName[name]
	if !known {
		logger = flogging.MustGetLogger(name)
		r.byName[name] = logger
	}
	return logger
}

func (r *loggerRegistry) separatePeers() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.perPeer = true
}

// GetLogger returns the logger of a module, the same one each time. The peer's
// name becomes part of the module's only after SetupTestLogging.
func GetLogger(module string, peerID string) Logger {
	return loggers.get(module, peerID)
}

// SetupTestLogging makes loggers of several peers in one process
// distinguishable and quiet. It may be called any number of times.
func SetupTestLogging() {
	loggers.separatePeers()
	flogging.InitFromSpec("WARNING")
}
