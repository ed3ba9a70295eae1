// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"sync"
	"time"

	"github.com/hyperledger/fabric/gossip/internal/membership"
	"github.com/hyperledger/fabric/gossip/util"
)

const (
	aliveTimeIntervalKey      = "peer.gossip.aliveTimeInterval"
	aliveExpirationTimeoutKey = "peer.gossip.aliveExpirationTimeout"
	reconnectIntervalKey      = "peer.gossip.reconnectInterval"

	defaultAliveTimeInterval = 5 * time.Second

	// msgExpirationFactor is after how many times the expiration timeout a
	// silent member is forgotten. What it said is refused for as long again.
	msgExpirationFactor = 20
)

var (
	// settingsLock guards the two settings below where they are changed through
	// their setters. They are process-wide because v1.3.0 has them so.
	settingsLock sync.RWMutex

	// aliveExpirationCheckInterval is how often to look for members that fell
	// silent; 0 is a tenth of the expiration timeout.
	aliveExpirationCheckInterval time.Duration

	// maxConnectionAttempts is how often an endpoint is tried, and how often an
	// unanswered request is repeated, before attempts become rare.
	maxConnectionAttempts = 120
)

// SetAliveTimeInterval sets how often members say that they are alive. Like the
// other settings of times it affects members that are made later.
func SetAliveTimeInterval(interval time.Duration) {
	util.SetDuration(aliveTimeIntervalKey, interval)
}

// SetAliveExpirationTimeout sets how long a member may be silent before it
// counts as dead, and to a tenth of that, how often to look.
func SetAliveExpirationTimeout(timeout time.Duration) {
	util.SetDuration(aliveExpirationTimeoutKey, timeout)
	SetAliveExpirationCheckInterval(timeout / 10)
}

// SetAliveExpirationCheckInterval sets how often to look for members that fell
// silent; 0 is a tenth of the expiration timeout.
func SetAliveExpirationCheckInterval(interval time.Duration) {
	settingsLock.Lock()
	defer settingsLock.Unlock()
	aliveExpirationCheckInterval = interval
}

// SetReconnectInterval sets how long to wait before a dead member, or an
// endpoint that does not answer, is tried again.
func SetReconnectInterval(interval time.Duration) {
	util.SetDuration(reconnectIntervalKey, interval)
}

// SetMaxConnAttempts sets after how many attempts an endpoint that does not
// answer is tried only rarely. It affects endpoints that are being tried, too.
func SetMaxConnAttempts(attempts int) {
	settingsLock.Lock()
	defer settingsLock.Unlock()
	maxConnectionAttempts = attempts
}

func getMaxConnAttempts() int {
	settingsLock.RLock()
	defer settingsLock.RUnlock()
	return maxConnectionAttempts
}

func getAliveTimeInterval() time.Duration {
	return util.GetDurationOrDefault(aliveTimeIntervalKey, defaultAliveTimeInterval)
}

func getAliveExpirationTimeout() time.Duration {
	return util.GetDurationOrDefault(aliveExpirationTimeoutKey, 5*getAliveTimeInterval())
}

func getAliveExpirationCheckInterval() time.Duration {
	settingsLock.RLock()
	defer settingsLock.RUnlock()
	if aliveExpirationCheckInterval != 0 {
		return aliveExpirationCheckInterval
	}
	return getAliveExpirationTimeout() / 10
}

func getReconnectInterval() time.Duration {
	return util.GetDurationOrDefault(reconnectIntervalKey, getAliveExpirationTimeout())
}

// readTimes reads the settings that a member keeps for its life.
func readTimes() membership.Times {
	silence := getAliveExpirationTimeout()
	return membership.Times{
		Heartbeat:  getAliveTimeInterval(),
		Expiration: silence,
		Check:      getAliveExpirationCheckInterval(),
		Reconnect:  getReconnectInterval(),
		Retention:  silence * msgExpirationFactor,
	}
}
