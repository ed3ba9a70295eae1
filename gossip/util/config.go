// SPDX-License-Identifier: Apache-2.0

package util

import (
	"sync"
	"time"

	"github.com/spf13/viper"
)

// configLock guards viper's maps against SetDuration, which changes settings
// while others read them. Code that calls viper directly does not take it.
var configLock sync.RWMutex

// GetIntOrDefault reads a number; absent, unparsable and zero mean the default.
func GetIntOrDefault(key string, defVal int) int {
	configLock.RLock()
	defer configLock.RUnlock()
	if value := viper.GetInt(key); value != 0 {
		return value
	}
	return defVal
}

// GetFloat64OrDefault reads a number; absent, unparsable and zero mean the
// default.
func GetFloat64OrDefault(key string, defVal float64) float64 {
	configLock.RLock()
	defer configLock.RUnlock()
	if value := viper.GetFloat64(key); value != 0 {
		return value
	}
	return defVal
}

// GetDurationOrDefault reads a duration: Go's notation, or a bare number of
// nanoseconds. Absent, unparsable and zero mean the default.
func GetDurationOrDefault(key string, defVal time.Duration) time.Duration {
	configLock.RLock()
	defer configLock.RUnlock()
	if value := viper.GetDuration(key); value != 0 {
		return value
	}
	return defVal
}

// SetDuration overrides a duration while the process runs.
func SetDuration(key string, val time.Duration) {
	configLock.Lock()
	defer configLock.Unlock()
	viper.Set(key, val)
}
