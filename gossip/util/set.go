// SPDX-License-Identifier: Apache-2.0

package util

import "sync"

// Set holds comparable items; adding one that Go cannot compare panics. It may
// be used from many goroutines; what several calls see together is not fixed.
type Set struct {
	mutex sync.RWMutex
	items map[interface{}]struct{} // guarded by mutex
}

// NewSet returns an empty set.
func NewSet() *Set {
	return &Set{items: make(map[interface{}]struct{})}
}

// Add puts an item into the set, if it is not there yet.
func (s *Set) Add(item interface{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.items[item] = struct{}{}
}

// Remove takes an item out of the set, if it is there.
func (s *Set) Remove(item interface{}) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.items, item)
}

// Exists tells whether the set holds an item.
func (s *Set) Exists(item interface{}) bool {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	_, held := s.items[item]
	return held
}

// Size is the number of items.
func (s *Set) Size() int {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	return len(s.items)
}

// Clear takes all items out.
func (s *Set) Clear() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.items = make(map[interface{}]struct{})
}

// ToArray lists the items as they are now, in no particular order. The slice
// is the caller's and never nil.
func (s *Set) ToArray() []interface{} {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	list := make([]interface{}, 0, len(s.items))
	for item := range s.items {
		list = append(list, item)
	}
	return list
}

// each calls visit for every item, holding the set's lock: visit must neither
// wait nor call the set.
func (s *Set) each(visit func(item interface{})) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	for item := range s.items {
		visit(item)
	}
}
