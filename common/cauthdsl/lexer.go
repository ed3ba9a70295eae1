// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"strings"

	"github.com/pkg/errors"
)

// tokenKind tells the elements of the policy language apart.
type tokenKind uint8

const (
	tokenEnd    tokenKind = iota
	tokenWord             // letters: the name of a gate
	tokenNumber           // digits, with an optional sign
	tokenQuoted           // text between quotes, which are not part of it
	tokenMark             // one of ( ) ,
)

type token struct {
	kind tokenKind
	text string
	at   int // byte offset in the input, for errors
}

// String describes the token in an error.
func (t token) String() string {
	switch t.kind {
	case tokenEnd:
		return "the end of the policy"
	case tokenQuoted:
		return "the text '" + abbreviate(t.text) + "'"
	default:
		return "'" + abbreviate(t.text) + "'"
	}
}

const (
	blanks  = " \t\r\n"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// lexer cuts a policy into tokens.
type lexer struct {
	input string
	at    int
}

func (l *lexer) next() (token, error) {
	l.at += run(l.input[l.at:], blanks)
	start, rest := l.at, l.input[l.at:]
	if rest == "" {
		return token{kind: tokenEnd, at: start}, nil
	}
	switch c := rest[0]; {
	case strings.IndexByte("(),", c) >= 0:
		return l.take(tokenMark, 1), nil
	case c == '\'' || c == '"':
		return l.quoted(c)
	case strings.IndexByte(letters, c) >= 0:
		return l.take(tokenWord, run(rest, letters)), nil
	case c == '-' || c == '+':
		if n := run(rest[1:], digits); n > 0 {
			return l.take(tokenNumber, 1+n), nil
		}
	case strings.IndexByte(digits, c) >= 0:
		return l.take(tokenNumber, run(rest, digits)), nil
	}
	return token{}, errors.Errorf("unexpected character %q at offset %d", rest[:1], start)
}

func (l *lexer) take(kind tokenKind, length int) token {
	t := token{kind: kind, text: l.input[l.at : l.at+length], at: l.at}
	l.at += length
	return t
}

func (l *lexer) quoted(quote byte) (token, error) {
	start := l.at
	body := l.input[start+1:]
	end := strings.IndexByte(body, quote)
	if end < 0 {
		return token{}, errors.Errorf("the quote opened at offset %d is never closed", start)
	}
	l.at = start + end + 2
	return token{kind: tokenQuoted, text: body[:end], at: start}, nil
}

// run returns how many of the first bytes of s belong to the set.
func run(s, set string) int {
	return len(s) - len(strings.TrimLeft(s, set))
}
