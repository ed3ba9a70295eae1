// SPDX-License-Identifier: Apache-2.0

/*
Package mcs is the cryptography of a peer: it implements gossip's
MessageCryptoService and SecurityAdvisor over membership service providers and
the policies of channel configurations.

It answers four kinds of questions. Is this block what the channel's orderers
signed (VerifyBlock)? Is this identity valid, and until when (ValidateIdentity,
Expiration)? Did this identity sign this message (Verify, VerifyByChannel)?
Which organization does it belong to, and what is its short name
(OrgByPeerIdentity, GetPKIidOfCert)?

It does not decide which MSPs and policies are current: it asks the getters it
was made with at every call, so configuration updates take effect at once. It
does not check that a block follows the one before it, which is for whoever
knows the one before.

Both types are stateless and may be used from any number of goroutines. They
hold no locks while calling MSPs and policies, and start no goroutines. All
input may come from a hostile party; none of it can cause a panic, and work is
bounded by the size of the input and a fixed number of signature checks. Errors
and logs tell identities by MSP and certificate subject, never by their bytes.

# What is checked in a block

In this order: that it decodes; that it has a header with the number asked for;
that transactions are cut as the orderer cut them; that the first one belongs to
the channel; that it has metadata with a readable list of signatures;
that the data hash in the header is that of the data; that the signatures
satisfy the policy /Channel/Orderer/BlockValidation. The last step needs the
header's encoding once for all signatures and verifies each distinct signature
at most once.
*/
package mcs
