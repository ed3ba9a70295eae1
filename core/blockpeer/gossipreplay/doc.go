// SPDX-License-Identifier: Apache-2.0

/*
Package gossipreplay holds gossip of this tree against a recording of unmodified
v1.3.0 peers: testdata has every envelope that four of them received in about a
minute of their life. There is nothing to import here, only tests.

The recording's peers are three of Org1MSP (peer0, peer1, and peer2, which joins
late) and one of Org2MSP, with mutual TLS between them. A line is an object with
the time of receipt in milliseconds, the receiver, the PKI-ID of the sender (empty
until the handshake is done), the stage (handshake-as-server,
handshake-as-client, stream) and the envelope. Certificates and block 0 of the
organizations are in core/blockpeer/testdata; private keys are not recorded.
*/
package gossipreplay
