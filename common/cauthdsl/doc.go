// SPDX-License-Identifier: Apache-2.0

/*
Package cauthdsl evaluates signature policies, builds them, and reads the small
language in which people write them down:

	AND('Org1MSP.admin', OutOf(2, 'Org2MSP.member', 'Org3MSP.member', 'Org4MSP.peer'))

A signature policy is a tree. A leaf names a principal and wants the signature
of somebody who satisfies it; a gate wants n of the trees below it. Evaluation
goes through the tree once, from left to right, and hands each signer to the
first leaf that takes him: a signer serves at most one leaf, and an earlier
choice is never revised. The order of rules can therefore decide, which is
deliberate: every node of a network has to come to the same verdict.

NewPolicyProvider is what a policy manager (package policies) is built with.
Signers are looked up and verified at most once per evaluation, lazily, and
shared between the policies of one provider.

Policies are immutable and may be evaluated concurrently. Nothing in here
starts a goroutine; the only calls that leave the package go to the
msp.IdentityDeserializer and the identities it returns.
*/
package cauthdsl
