// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"fmt"
	"strings"
	"testing"

	"github.com/golang/protobuf/proto"
	"github.com/stretchr/testify/require"

	cb "github.com/hyperledger/fabric/protos/common"
	mb "github.com/hyperledger/fabric/protos/msp"
)

// render writes a policy in a form that shows rule structure and numbering:
// 2(0,1(1,2)) with the principals listed behind.
func render(t testing.TB, envelope *cb.SignaturePolicyEnvelope) string {
	t.Helper()
	var principals []string
	for _, p := range envelope.Identities {
		require.Equal(t, mb.MSPPrincipal_ROLE, p.PrincipalClassification)
		role := &mb.MSPRole{}
		require.NoError(t, proto.Unmarshal(p.Principal, role))
		principals = append(principals, role.MspIdentifier+"."+strings.ToLower(role.Role.String()))
	}
	return renderRule(envelope.Rule) + " " + strings.Join(principals, " ")
}

func renderRule(rule *cb.SignaturePolicy) string {
	gate := rule.GetNOutOf()
	if gate == nil {
		return fmt.Sprint(rule.GetSignedBy())
	}
	var rules []string
	for _, sub := range gate.Rules {
		rules = append(rules, renderRule(sub))
	}
	return fmt.Sprintf("%d(%s)", gate.N, strings.Join(rules, ","))
}

func TestFromString(t *testing.T) {
	for text, wants := range map[string]string{
		"AND('A.member', 'B.member')":                               "2(0,1) A.member B.member",
		"OR('A.admin','B.client')":                                  "1(0,1) A.admin B.client",
		"AND('A.member', OR('B.client','C.peer'))":                  "2(2,1(0,1)) B.client C.peer A.member",
		"OR(AND('A.member','B.member'),AND('C.peer','A.admin'))":    "1(2(0,1),2(2,3)) A.member B.member C.peer A.admin",
		"And('A.member',Or('B.member',and('C.member')),'D.member')": "3(2,1(1,1(0)),3) C.member B.member A.member D.member",
		"OutOf(2,'A.member','A.member','A.member')":                 "2(0,1,2) A.member A.member A.member",
		"OutOf(0,'A.member')":                                       "0(0) A.member",
		"outof(+1,'A.member')":                                      "1(0) A.member",
		"OUTOF(3,'A.member','B.member')":                            "3(0,1) A.member B.member",
		"OutOf(1,OutOf(1,'A.member'),'B.peer')":                     "1(1(0),1) A.member B.peer",
		"or('Org-1.example.com.member')":                            "1(0) Org-1.example.com.member",
		" \tAND ( 'A.member' ,\n'B.member' )\r\n":                   "2(0,1) A.member B.member",
		`OR("A.member",'B.member')`:                                 "1(0,1) A.member B.member",
		"OR('A.member.member')":                                     "1(0) A.member.member",
	} {
		envelope, err := FromString(text)
		require.NoError(t, err, text)
		require.Equal(t, wants, render(t, envelope), text)
		require.Zero(t, envelope.Version)
		_, err = compile(envelope.Rule, envelope.Identities)
		require.NoError(t, err, text)
	}
}

func TestFromStringErrors(t *testing.T) {
	for text, wants := range map[string]string{
		"":                                 "AND, OR or OutOf but found the end of the policy at offset 0",
		"'A.member'":                       "but found the text 'A.member' at offset 0",
		"XOR('A.member')":                  "but found 'XOR' at offset 0",
		"aND('A.member')":                  "but found 'aND'",
		"AND":                              "expected '(' but found the end",
		"AND'A.member'":                    "expected '('",
		"AND(":                             "AND, OR or OutOf but found the end",
		"AND()":                            "found ')' at offset 4",
		"AND('A.member'":                   "expected ')' but found the end",
		"AND('A.member',":                  "found the end",
		"AND('A.member',)":                 "found ')' at offset 15",
		"AND('A.member')x":                 "expected the end of the policy but found 'x' at offset 15",
		"AND('A.member'))":                 "expected the end",
		"AND('A.member' 'B.member')":       "expected ')'",
		"AND(1,'A.member')":                "found '1'",
		"AND('A.member)":                   "the quote opened at offset 4 is never closed",
		"AND('A.boss')":                    "unknown role \"boss\" at offset 4",
		"AND('A.orderer')":                 "unknown role",
		"AND('A.Member')":                  "unknown role",
		"AND('member')":                    "form 'MSP.role'",
		"AND('.member')":                   "not an MSP identifier",
		"AND('A_B.member')":                "not an MSP identifier",
		"AND('A B.member')":                "not an MSP identifier",
		"AND('Ä.member')":                  "not an MSP identifier",
		"AND(A.member)":                    "found 'A'",
		"OutOf('A.member')":                "number of rules",
		"OutOf(1)":                         "expected ','",
		"OutOf(1,)":                        "found ')'",
		"OutOf(-1,'A.member')":             "between 0 and 2",
		"OutOf(3,'A.member')":              "at offset 0: OutOf wants 3 of 1 rules",
		"OutOf(99999999999,'A.member')":    "out of range",
		"OutOf(1.5,'A.member')":            "unexpected character \".\"",
		"OutOf(-,'A.member')":              "unexpected character \"-\"",
		"AND('A.member';'B.member')":       "unexpected character \";\" at offset 14",
		"AND('A.member')\x00":              "unexpected character",
		strings.Repeat("OR(", 1000):        "nested more than",
		"AND('" + strings.Repeat("x", 999): "never closed",
	} {
		envelope, err := FromString(text)
		require.Nil(t, envelope, text)
		require.ErrorContains(t, err, wants, text)
		require.ErrorContains(t, err, "invalid policy string")
		require.Less(t, len(err.Error()), 300)
	}
}

func TestFromStringAcceptsTheDeepestNesting(t *testing.T) {
	text := strings.Repeat("OR(", maxNesting) + "'A.member'" + strings.Repeat(")", maxNesting)
	envelope, err := FromString(text)
	require.NoError(t, err)
	_, err = compile(envelope.Rule, envelope.Identities)
	require.NoError(t, err)
}
