// SPDX-License-Identifier: Apache-2.0

package keyed

import "sort"

// Window is for messages that are a uint64 each. It refuses a number that is
// held, or that is more than width below one that is; a number makes those held
// obsolete that are more than width below it. A width below zero counts as zero:
// then only the highest number stays.
func Window(width int) Relation {
	if width < 0 {
		width = 0
	}
	return &window{width: uint64(width), byNumber: make(map[uint64]*entry)}
}

// window relies on what judge brings about: no two numbers held are more than
// width apart.
type window struct {
	width    uint64
	byNumber map[uint64]*entry
	lowest   uint64 // none held is below it; one may have been it
	highest  uint64 // of those held
}

func (w *window) judge(_ *list, message interface{}) (obsolete []*entry, valid bool) {
	number := message.(uint64)
	if len(w.byNumber) == 0 {
		return nil, true
	}
	if w.byNumber[number] != nil || number < w.highest && w.highest-number > w.width {
		return nil, false
	}
	if number <= w.width {
		return nil, true
	}
	return w.below(number - w.width), true
}

// below returns the entries of the numbers below a bound in the order of
// arrival. It counts through the numbers in question, unless looking at those
// held is less work.
func (w *window) below(bound uint64) []*entry {
	var found []*entry
	if bound > w.lowest && bound-w.lowest > uint64(len(w.byNumber)) {
		for number, e := range w.byNumber {
			if number < bound {
				found = append(found, e)
			}
		}
	} else {
		for number := w.lowest; number < bound; number++ {
			if e := w.byNumber[number]; e != nil {
				found = append(found, e)
			}
		}
	}
	if len(found) > 1 {
		sort.Slice(found, func(i, j int) bool { return found[i].ordinal < found[j].ordinal })
	}
	return found
}

func (w *window) note(e *entry) {
	number := e.message.(uint64)
	if len(w.byNumber) == 0 {
		w.lowest, w.highest = number, number
	}
	w.byNumber[number] = e
	switch {
	case number > w.highest:
		w.highest = number
		if number > w.width && w.lowest < number-w.width {
			w.lowest = number - w.width // as those below are obsolete
		}
	case number < w.lowest:
		w.lowest = number
	}
}

func (w *window) forget(e *entry) {
	number := e.message.(uint64)
	delete(w.byNumber, number)
	if number == w.highest && len(w.byNumber) > 0 {
		w.highest = w.highestHeld()
	}
}

// highestHeld looks for the highest number held, below the highest so far. There
// must be one.
func (w *window) highestHeld() uint64 {
	if w.highest-w.lowest <= uint64(len(w.byNumber)) {
		number := w.highest
		for w.byNumber[number] == nil {
			number--
		}
		return number
	}
	var highest uint64
	for number := range w.byNumber {
		if number > highest {
			highest = number
		}
	}
	return highest
}
