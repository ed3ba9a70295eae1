// SPDX-License-Identifier: Apache-2.0

package cauthdsl

import (
	"bytes"

	"github.com/hyperledger/fabric/common/flogging"
	"github.com/hyperledger/fabric/msp"
	cb "github.com/hyperledger/fabric/protos/common"
)

var logger = flogging.MustGetLogger("cauthdsl")

// verdict is what is known about a signature.
type verdict uint8

const (
	unchecked verdict = iota
	genuine
	forged
)

// signer is one usable entry of a signature set: its identity could be told.
type signer struct {
	identity msp.Identity
	// who numbers the distinct identities of the set from 0. Several entries
	// may be by the same one.
	who       int
	entry     *cb.SignedData
	verdict   verdict
	whyForged error
}

// verify checks the signature, once.
func (s *signer) verify() bool {
	if s.verdict == unchecked {
		s.verdict = genuine
		if err := s.identity.Verify(s.entry.Data, s.entry.Signature); err != nil {
			s.verdict, s.whyForged = forged, err
		}
	}
	return s.verdict == genuine
}

// signers is a signature set with the identities looked up. Entries whose
// identity is unknown, and exact repetitions, are left out; the order is kept.
type signers struct {
	list []signer
	// distinct is the number of different identities in list.
	distinct int
	// strangers counts the entries whose identity could not be looked up, and
	// whyStrange is the reason for the first of them.
	strangers  int
	whyStrange error
}

// lookUp finds out whose signatures a set claims to hold. Each distinct
// serialized identity is deserialized once. Signatures are not verified yet.
func lookUp(set []*cb.SignedData, deserializer msp.IdentityDeserializer) *signers {
	found := &signers{list: make([]signer, 0, len(set))}
	known := newDirectory(len(set))
	for _, entry := range set {
		if entry == nil {
			entry = &cb.SignedData{}
		}
		identity, who, err := known.resolve(entry.Identity, deserializer)
		if err != nil {
			if found.strangers == 0 {
				found.whyStrange = err
			}
			found.strangers++
			continue
		}
		if !found.repeats(entry, who) {
			found.list = append(found.list, signer{identity: identity, who: who, entry: entry})
		}
	}
	found.distinct = known.distinct()
	if found.strangers > 0 {
		// One line for the whole set: how many entries it has is up to a remote.
		logger.Errorf("Principal deserialization failure (%s): %d of %d signatures do not count",
			found.whyStrange, found.strangers, len(set))
	}
	return found
}

// repeats says whether the same identity already presented the same signature
// over the same data. The data has to be compared too: otherwise a copy with
// altered data, put in front, would make the genuine entry look checked.
func (s *signers) repeats(entry *cb.SignedData, who int) bool {
	for i := range s.list {
		other := &s.list[i]
		if other.who == who &&
			bytes.Equal(other.entry.Signature, entry.Signature) &&
			bytes.Equal(other.entry.Data, entry.Data) {
			return true
		}
	}
	return false
}

// directory remembers the identities met in one set.
type directory struct {
	byBytes map[string]lookup
	numbers map[msp.IdentityIdentifier]int
}

type lookup struct {
	identity msp.Identity
	who      int
	err      error
}

func newDirectory(entries int) *directory {
	d := &directory{numbers: make(map[msp.IdentityIdentifier]int, entries)}
	if entries > 1 { // with a single entry nothing is ever looked up twice
		d.byBytes = make(map[string]lookup, entries)
	}
	return d
}

func (d *directory) distinct() int { return len(d.numbers) }

func (d *directory) resolve(raw []byte, deserializer msp.IdentityDeserializer) (msp.Identity, int, error) {
	if l, ok := d.byBytes[string(raw)]; ok {
		return l.identity, l.who, l.err
	}
	l := d.deserialize(raw, deserializer)
	if d.byBytes != nil {
		d.byBytes[string(raw)] = l
	}
	return l.identity, l.who, l.err
}

func (d *directory) deserialize(raw []byte, deserializer msp.IdentityDeserializer) lookup {
	identity, err := deserializer.DeserializeIdentity(raw)
	if err == nil && identity == nil {
		err = errNoIdentity
	}
	var id *msp.IdentityIdentifier
	if err == nil {
		if id = identity.GetIdentifier(); id == nil {
			err = errNoIdentity
		}
	}
	if err != nil {
		return lookup{err: err}
	}
	who, met := d.numbers[*id]
	if !met {
		who = len(d.numbers)
		d.numbers[*id] = who
	}
	return lookup{identity: identity, who: who}
}
