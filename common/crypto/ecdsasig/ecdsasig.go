// SPDX-License-Identifier: Apache-2.0

// Package ecdsasig makes and checks ECDSA signatures the way a Fabric network agreed on: ASN.1 DER, with the smaller of
// the two values that s can take. Every signature (r, s) has a twin (r, N-s) that verifies as well; insisting on the
// smaller s ("low-S") leaves each signature one spelling. All functions are pure and safe for concurrent use.
package ecdsasig

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"math/big"

	"github.com/pkg/errors"
	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// halfOrders has floor(N/2) of the curves that certificates can name, big-endian without leading zeros.
var halfOrders = map[elliptic.Curve][]byte{
	elliptic.P224(): halfOrder(elliptic.P224()),
	elliptic.P256(): halfOrder(elliptic.P256()),
	elliptic.P384(): halfOrder(elliptic.P384()),
	elliptic.P521(): halfOrder(elliptic.P521()),
}

func halfOrder(c elliptic.Curve) []byte {
	return new(big.Int).Rsh(c.Params().N, 1).Bytes()
}

// values is a decoded signature. Both numbers are big-endian without leading zeros and alias the signature's bytes.
type values struct {
	r, s []byte
	// extra is true when bytes followed the two numbers, inside the sequence or after it.
	extra bool
}

// parse decodes a signature. Extra bytes are allowed, as v1.3.0 allows them; negative, zero and padded numbers are not.
func parse(sig []byte) (values, error) {
	if len(sig) == 0 {
		return values{}, errors.New("the signature is empty")
	}
	in := cryptobyte.String(sig)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) {
		return values{}, errors.New("the signature is not a DER sequence")
	}
	r, err := readPositive(&seq, "r")
	if err != nil {
		return values{}, err
	}
	s, err := readPositive(&seq, "s")
	if err != nil {
		return values{}, err
	}
	return values{r: r, s: s, extra: !in.Empty() || !seq.Empty()}, nil
}

// readPositive takes one INTEGER off the sequence.
func readPositive(seq *cryptobyte.String, name string) ([]byte, error) {
	var n cryptobyte.String
	if !seq.ReadASN1(&n, asn1.INTEGER) || len(n) == 0 {
		return nil, errors.Errorf("%s of the signature is not a DER integer", name)
	}
	if n[0]&0x80 != 0 {
		return nil, errors.Errorf("%s of the signature is negative", name)
	}
	if n[0] != 0 {
		return n, nil
	}
	if len(n) == 1 {
		return nil, errors.Errorf("%s of the signature is zero", name)
	}
	if n[1]&0x80 == 0 {
		return nil, errors.Errorf("%s of the signature is padded", name)
	}
	return n[1:], nil
}

// encode is the inverse of parse, without anything extra. It neither needs nor gives fixed widths.
func encode(r, s []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(asn1.SEQUENCE, func(b *cryptobyte.Builder) {
		addPositive(b, r)
		addPositive(b, s)
	})
	return b.Bytes()
}

func addPositive(b *cryptobyte.Builder, n []byte) {
	b.AddASN1(asn1.INTEGER, func(b *cryptobyte.Builder) {
		if n[0]&0x80 != 0 {
			b.AddUint8(0)
		}
		b.AddBytes(n)
	})
}

// isLow compares s with half the curve's order. Neither has leading zeros, so the longer one is the larger.
func isLow(curve elliptic.Curve, s []byte) (bool, error) {
	half, ok := halfOrders[curve]
	if !ok {
		return false, errors.Errorf("unsupported curve %s", curve.Params().Name)
	}
	if len(s) != len(half) {
		return len(s) < len(half), nil
	}
	return bytes.Compare(s, half) <= 0, nil
}

// Verify reports whether sig is a signature of digest. A signature that has no two positive numbers in it, or a high s,
// is an error rather than a mere false. Extra bytes in or after the DER sequence are overlooked.
func Verify(pub *ecdsa.PublicKey, digest, sig []byte) (bool, error) {
	v, err := parse(sig)
	if err != nil {
		return false, err
	}
	low, err := isLow(pub.Curve, v.s)
	if err != nil {
		return false, err
	}
	if !low {
		return false, errors.New("s of the signature is larger than half the curve's order")
	}
	if v.extra {
		// The library is strict about extra bytes, so it gets the signature without them.
		if sig, err = encode(v.r, v.s); err != nil {
			return false, errors.Wrap(err, "encoding the signature")
		}
	}
	return ecdsa.VerifyASN1(pub, digest, sig), nil
}

// Sign signs a digest with low s.
func Sign(key *ecdsa.PrivateKey, digest []byte) ([]byte, error) {
	sig, err := ecdsa.SignASN1(rand.Reader, key, digest)
	if err != nil {
		return nil, errors.Wrap(err, "signing")
	}
	return Normalize(key.Curve, sig)
}

// Normalize returns the one accepted spelling of a signature made with a key on the given curve: low s, minimal DER,
// nothing extra. The result is sig itself where that is how it is spelled already.
func Normalize(curve elliptic.Curve, sig []byte) ([]byte, error) {
	v, err := parse(sig)
	if err != nil {
		return nil, err
	}
	low, err := isLow(curve, v.s)
	if err != nil {
		return nil, err
	}
	if low && !v.extra {
		return sig, nil
	}
	if !low {
		s := new(big.Int).SetBytes(v.s)
		if s.Sub(curve.Params().N, s).Sign() <= 0 {
			return nil, errors.New("s of the signature is not smaller than the curve's order")
		}
		v.s = s.Bytes()
	}
	out, err := encode(v.r, v.s)
	return out, errors.Wrap(err, "encoding the signature")
}

// Reencode returns the signature in minimal DER without anything extra, s as it is. Padded numbers, which Normalize
// refuses, are trimmed: old tools wrote them.
func Reencode(sig []byte) ([]byte, error) {
	in := cryptobyte.String(sig)
	var seq cryptobyte.String
	if !in.ReadASN1(&seq, asn1.SEQUENCE) {
		return nil, errors.New("the signature is not a DER sequence")
	}
	var numbers [2][]byte
	for i := range numbers {
		var n cryptobyte.String
		if !seq.ReadASN1(&n, asn1.INTEGER) {
			return nil, errors.New("the signature lacks a number")
		}
		if len(n) > 0 && n[0]&0x80 != 0 {
			return nil, errors.New("a number of the signature is negative")
		}
		if numbers[i] = bytes.TrimLeft(n, "\x00"); len(numbers[i]) == 0 {
			return nil, errors.New("a number of the signature is zero")
		}
	}
	return encode(numbers[0], numbers[1])
}
