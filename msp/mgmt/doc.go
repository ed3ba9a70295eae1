// SPDX-License-Identifier: Apache-2.0

// Package mgmt keeps the MSPs of a process where everybody finds them: the one local MSP (who we are) and one manager
// per channel (who the others are). New code should be handed what it needs instead; this package exists because v1.3.0's
// interfaces look things up by channel name.
//
// Its two variables are guarded by locks that are never held while an MSP is called. No goroutines.
package mgmt
