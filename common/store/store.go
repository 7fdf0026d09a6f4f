// Package store keeps values by key, in memory.
package store

import (
	"errors"
	"fmt"
	"sync/atomic"
)

// Store is what the servers need of a key/value store. Keys and values are
// bytes that belong to the caller: a store copies what it keeps, and copies
// out what it returns.
//
// A server that answers on several threads needs a store that is safe for
// concurrent use: Sharded is, InMemory is not.
type Store interface {
	// Append appends the value of key to dst, as append does, and reports
	// whether the key is present; where it is not, or on an error, nothing
	// is appended.
	Append(dst, key []byte) (out []byte, found bool, err error)

	// Put stores a copy of value under a copy of key. When it fails, what
	// was stored before is still there.
	Put(key, value []byte) error
}

// ErrFull is returned by Put when the value does not fit into the store.
var ErrFull = errors.New("store is full")

// entryOverhead is what an entry is reckoned to cost beyond its key and value,
// in bytes: its slot in the map, the entry itself, the allocator's rounding.
// BenchmarkEntryOverhead measures 80 with a million entries; how full the map
// is makes a difference, so this is a little more.
const entryOverhead = 96

// InMemory is a Store over Go's map, for one goroutine at a time.
type InMemory struct {
	entries map[string]*entry
	space   *space
}

// entry is the map's element by reference, so that an update that fits writes
// into the value's old memory: it allocates nothing and leaves the map alone.
type entry struct{ value []byte }

// New returns an empty store that holds up to limit bytes of keys, values and
// their bookkeeping; 0 means without limit.
func New(limit int64) *InMemory { return in(&space{limit: limit}) }

func in(s *space) *InMemory { return &InMemory{entries: make(map[string]*entry), space: s} }

// space is what stores may fill together, in bytes by entryOverhead's
// reckoning.
type space struct {
	limit int64 // 0: none
	used  atomic.Int64
}

// take takes so many bytes, or gives some back, if there are enough.
func (s *space) take(n int64) error {
	if used := s.used.Add(n); n > 0 && s.limit > 0 && used > s.limit {
		s.used.Add(-n)
		return fmt.Errorf("%w: %d of %d bytes used, %d more needed", ErrFull, used-n, s.limit, n)
	}
	return nil
}

// Append is Store's.
func (s *InMemory) Append(dst, key []byte) (out []byte, found bool, err error) {
	e, found := s.entries[string(key)]
	if !found {
		return dst, false, nil
	}
	return append(dst, e.value...), true, nil
}

// Put is Store's.
func (s *InMemory) Put(key, value []byte) error {
	e, found := s.entries[string(key)]
	if found && len(value) <= cap(e.value) && cap(e.value) <= shrinkAbove(len(value)) {
		e.value = append(e.value[:0], value...)
		return nil
	}
	growth := int64(len(value))
	if found {
		growth -= int64(cap(e.value))
	} else {
		growth += int64(len(key) + entryOverhead)
	}
	if err := s.space.take(growth); err != nil {
		return err
	}
	// An exact copy: append would round the capacity up.
	exact := make([]byte, len(value))
	copy(exact, value)
	if found {
		e.value = exact
	} else {
		s.entries[string(key)] = &entry{value: exact}
	}
	return nil
}

// shrinkAbove is the capacity, in bytes, beyond which a value of size bytes
// gets memory of its own size instead of its predecessor's.
func shrinkAbove(size int) int { return 2*size + 256 }

// Len returns the number of keys.
func (s *InMemory) Len() int { return len(s.entries) }
