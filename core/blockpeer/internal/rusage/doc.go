// SPDX-License-Identifier: Apache-2.0

// Package rusage tells how much processor time this process has used. The
// benchmark programs share it; where the system has no such figure it is zero.
package rusage
