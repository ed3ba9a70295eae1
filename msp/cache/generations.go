// SPDX-License-Identifier: Apache-2.0

package cache

import "sync"

// generations is a bounded map from bytes to values that forgets what was not used for longest, roughly: entries that
// are added or used go into the young generation; when that is full it becomes the old one, and the former old one is
// dropped. Whatever is used at least once per generation stays for good. Safe for concurrent use.
type generations[V any] struct {
	size int // entries per generation, fixed

	// mu guards both maps.
	mu         sync.RWMutex
	young, old map[string]V
}

func newGenerations[V any](size int) *generations[V] {
	return &generations[V]{size: size, young: make(map[string]V)}
}

// get does not allocate for a key in the young generation.
func (g *generations[V]) get(key []byte) (V, bool) {
	g.mu.RLock()
	v, ok := g.young[string(key)]
	if ok {
		g.mu.RUnlock()
		return v, true
	}
	v, ok = g.old[string(key)]
	g.mu.RUnlock()
	if ok {
		v = g.add(key, v)
	}
	return v, ok
}

// add stores the value unless the young generation has one for the key, and returns the one it has then.
func (g *generations[V]) add(key []byte, v V) V {
	g.mu.Lock()
	defer g.mu.Unlock()
	if there, ok := g.young[string(key)]; ok {
		return there
	}
	g.store(key, v)
	return v
}

// set stores the value in any case.
func (g *generations[V]) set(key []byte, v V) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.store(key, v)
}

// store puts an entry into the young generation; the caller holds mu.
func (g *generations[V]) store(key []byte, v V) {
	if len(g.young) >= g.size {
		g.old, g.young = g.young, make(map[string]V, g.size)
	}
	g.young[string(key)] = v
}

// len is the number of entries kept, counting one twice that is in both generations.
func (g *generations[V]) len() int {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return len(g.young) + len(g.old)
}
