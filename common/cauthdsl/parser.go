// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"strconv"
	"strings"

	"github.com/pkg/errors"

	cb "github.com/hyperledger/fabric/protos/common"
	mb "github.com/hyperledger/fabric/protos/msp"
)

// The gates of the language. Each may also be written all in lower case or all
// in upper case.
const (
	// GateAnd wants all of its arguments.
	GateAnd = "And"
	// GateOr wants one of its arguments.
	GateOr = "Or"
	// GateOutOf wants as many of its arguments as its first one, a number, says.
	GateOutOf = "OutOf"
)

// The roles that may follow the MSP identifier and a dot in a principal.
const (
	// RoleAdmin stands for the administrators of an MSP.
	RoleAdmin = "admin"
	// RoleMember stands for all valid identities of an MSP.
	RoleMember = "member"
	// RoleClient stands for the clients of an MSP that tells nodes apart.
	RoleClient = "client"
	// RolePeer stands for the peers of an MSP that tells nodes apart.
	RolePeer = "peer"
)

var roles = map[string]mb.MSPRole_MSPRoleType{
	RoleAdmin:  mb.MSPRole_ADMIN,
	RoleMember: mb.MSPRole_MEMBER,
	RoleClient: mb.MSPRole_CLIENT,
	RolePeer:   mb.MSPRole_PEER,
}

// FromString reads a policy in the language described in the package comment:
//
//	gate      = ("And" | "Or") "(" rule { "," rule } ")"
//	          | "OutOf" "(" number "," rule { "," rule } ")"
//	rule      = gate | principal
//	principal = "'" MSP-identifier "." role "'"
//
// Principals are numbered in the order in which the gate around them is closed,
// so those of inner gates come first, and each mention gets a number of its
// own. The number of OutOf lies between 0 and one more than there are rules.
// Errors give the offset at which the text ceases to make sense.
func FromString(policy string) (*cb.SignaturePolicyEnvelope, error) {
	p := &parser{lexer: lexer{input: policy}, result: &cb.SignaturePolicyEnvelope{}}
	rule, err := p.parse()
	if err != nil {
		return nil, errors.WithMessage(err, "invalid policy string")
	}
	p.result.Rule = rule
	return p.result, nil
}

// parser is a recursive descent parser that always holds one token of
// look-ahead. result collects the principals as gates are closed.
type parser struct {
	lexer  lexer
	token  token
	result *cb.SignaturePolicyEnvelope
}

func (p *parser) parse() (*cb.SignaturePolicy, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	rule, err := p.gate(0)
	if err != nil {
		return nil, err
	}
	if p.token.kind != tokenEnd {
		return nil, p.wanted("the end of the policy")
	}
	return rule, nil
}

func (p *parser) advance() (err error) {
	p.token, err = p.lexer.next()
	return err
}

// wanted is the error for a token that does not belong where it stands.
func (p *parser) wanted(what string) error {
	return errors.Errorf("expected %s but found %s at offset %d", what, p.token, p.token.at)
}

// mark consumes one of the punctuation marks.
func (p *parser) mark(text string) error {
	if p.token.kind != tokenMark || p.token.text != text {
		return p.wanted("'" + text + "'")
	}
	return p.advance()
}

// gate parses from the gate's name to its closing parenthesis.
func (p *parser) gate(depth int) (*cb.SignaturePolicy, error) {
	if depth > maxNesting {
		return nil, errors.Errorf("gates are nested more than %d levels deep at offset %d", maxNesting, p.token.at)
	}
	kind, err := p.gateName()
	if err != nil {
		return nil, err
	}
	name := p.token
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.mark("("); err != nil {
		return nil, err
	}
	var count int64
	if kind == GateOutOf {
		if count, err = p.count(); err != nil {
			return nil, err
		}
	}
	rules, err := p.rules(depth)
	if err != nil {
		return nil, err
	}
	needed, err := neededOf(kind, count, len(rules))
	if err != nil {
		return nil, errors.WithMessage(err, "at offset "+strconv.Itoa(name.at))
	}
	return NOutOf(needed, rules), nil
}

// gateName tells which gate the current token names.
func (p *parser) gateName() (string, error) {
	if p.token.kind == tokenWord {
		for _, gate := range []string{GateAnd, GateOr, GateOutOf} {
			switch p.token.text {
			case gate, strings.ToLower(gate), strings.ToUpper(gate):
				return gate, nil
			}
		}
	}
	return "", p.wanted("a rule that begins with AND, OR or OutOf")
}

// count parses the first argument of OutOf and the comma behind it.
func (p *parser) count() (int64, error) {
	if p.token.kind != tokenNumber {
		return 0, p.wanted("the number of rules that have to hold")
	}
	n, err := strconv.ParseInt(p.token.text, 10, 32)
	if err != nil {
		return 0, errors.Errorf("number %s at offset %d is out of range", abbreviate(p.token.text), p.token.at)
	}
	if err := p.advance(); err != nil {
		return 0, err
	}
	return n, p.mark(",")
}

// neededOf is how many of the rules of a gate have to hold.
func neededOf(gate string, count int64, rules int) (int32, error) {
	switch gate {
	case GateAnd:
		return int32(rules), nil
	case GateOr:
		return 1, nil
	}
	// One more than there are rules is the documented way to write a gate that
	// nobody can pass.
	if count < 0 || count > int64(rules)+1 {
		return 0, errors.Errorf("%s wants %d of %d rules, the number has to be between 0 and %d", GateOutOf, count, rules, rules+1)
	}
	return int32(count), nil
}

// rules parses the list of a gate's rules and its closing parenthesis, which is
// when the principals in the list get their numbers.
func (p *parser) rules(depth int) ([]*cb.SignaturePolicy, error) {
	var arguments []argument
	for {
		next, err := p.argument(depth)
		if err != nil {
			return nil, err
		}
		arguments = append(arguments, next)
		if p.token.kind != tokenMark || p.token.text != "," {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if err := p.mark(")"); err != nil {
		return nil, err
	}
	rules := make([]*cb.SignaturePolicy, len(arguments))
	for i, a := range arguments {
		rules[i] = a.rule
		if a.principal != nil {
			rules[i] = SignedBy(int32(len(p.result.Identities)))
			p.result.Identities = append(p.result.Identities, a.principal)
		}
	}
	return rules, nil
}

// argument is either a finished rule or a principal that has no number yet.
type argument struct {
	rule      *cb.SignaturePolicy
	principal *mb.MSPPrincipal
}

func (p *parser) argument(depth int) (a argument, err error) {
	if p.token.kind == tokenQuoted {
		a.principal, err = p.principal()
		return a, err
	}
	a.rule, err = p.gate(depth + 1)
	return a, err
}

// principal parses a quoted principal.
func (p *parser) principal() (*mb.MSPPrincipal, error) {
	dot := strings.LastIndexByte(p.token.text, '.')
	if dot < 0 {
		return nil, p.wanted("a principal of the form 'MSP.role'")
	}
	mspID, roleName := p.token.text[:dot], p.token.text[dot+1:]
	role, known := roles[roleName]
	if !known {
		return nil, errors.Errorf("unknown role %q at offset %d: expected admin, member, client or peer", abbreviate(roleName), p.token.at)
	}
	if mspID == "" || run(mspID, letters+digits+".-") != len(mspID) {
		return nil, errors.Errorf("%q at offset %d is not an MSP identifier (letters, digits, '.' and '-')", abbreviate(mspID), p.token.at)
	}
	return rolePrincipal(role, mspID), p.advance()
}

// abbreviate keeps the beginning of a text that may be too long for an error.
func abbreviate(s string) string {
	const enough = 60
	if len(s) <= enough {
		return s
	}
	return s[:enough] + "..."
}
