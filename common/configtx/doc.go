// SPDX-License-Identifier: Apache-2.0

/*
Package configtx decides whether a channel's configuration may change in the
way somebody asks for, and what the configuration is afterwards.

A configuration is a tree of groups, values and policies. Each of these
elements has a version and a mod_policy, the policy that whoever wants to
change it has to satisfy. An update consists of a read set (elements that must
still have the versions which the author saw), a write set (the tree as it
should be; elements whose version is raised are the changes) and signatures.

Two parties use this package. The orderer calls ProposeConfigUpdate with a
CONFIG_UPDATE envelope and gets the next configuration, which it puts into a
block. Peers call Validate with the configuration found in that block: it
repeats the computation and refuses any other outcome.

A ValidatorImpl describes one configuration and never changes; the next
configuration needs a new one. It may be used by any number of goroutines.
Nothing here starts a goroutine or holds a lock. Input comes from remote
parties and may be arbitrarily malformed: nesting, the number of signatures and
the memory that checking them takes are bounded.
*/
package configtx
