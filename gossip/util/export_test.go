// SPDX-License-Identifier: Apache-2.0

package util

// ForgetLoggers puts the registry of loggers back to how a process starts.
func ForgetLoggers() {
	loggers.mutex.Lock()
	defer loggers.mutex.Unlock()
	loggers.byName, loggers.perPeer = make(map[string]Logger), false
}
