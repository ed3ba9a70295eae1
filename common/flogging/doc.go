// SPDX-License-Identifier: Apache-2.0

// Package flogging gives each module a named logger whose level can be set
// apart from the others', under the names that Fabric code uses. It is a thin
// layer over op/go-logging: levels and names are decided here, formatting and
// writing are the library's.
//
// Levels come from a specification such as
//
//	info:deliveryClient,blocksProvider=debug:msp=warning
//
// that is: a default level, and levels for lists of modules. It is read from
// the environment variable FABRIC_LOGGING_SPEC when the process starts and can
// be replaced with ActivateSpec, InitFromSpec or Init. Loggers may be used
// from any goroutine; changing levels takes effect at the next line.
package flogging
