// SPDX-License-Identifier: Apache-2.0

// Package util holds what the gossip packages and block delivery share:
// access to configuration with defaults, and loggers by module. (The shared
// containers come with the packages that use them.)
package util
