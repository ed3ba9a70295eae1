// SPDX-License-Identifier: Apache-2.0

/*
Package policies turns the policies of a channel configuration into a tree
that can be asked "do these signatures suffice?".

A ManagerImpl mirrors one group of the configuration tree. The root is called
Channel and a policy is named by its path: "/Channel/Orderer/BlockValidation"
from the root, or "Orderer/BlockValidation" relative to the manager of the
root group. Asking for a policy that does not exist yields one that rejects
everything, so that a caller who ignores the boolean still fails safe.

What kinds of leaf policies exist is not decided here: the caller supplies one
Provider for each type (package cauthdsl has the one for signatures). The only
type built in is the implicit meta policy, which counts how many sub-groups
agree.

This package knows nothing about identities. What leaf policies find out about
a signature set (whose it is, whether it verifies) is kept in the Evaluation
that travels down the tree, so that it is found out once and not once for each
branch.

Managers and policies do not change after construction and may be used from
any number of goroutines. Nothing here starts a goroutine or takes a lock. An
Evaluation belongs to the one goroutine that evaluates.
*/
package policies
