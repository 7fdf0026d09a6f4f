package store

import (
	"hash/maphash"
	"sync"
	"unsafe"
)

// shards is the number of locks of a Sharded store: far more than the threads
// that a machine runs at once, each of which holds a lock for well under a
// hundredth of a request.
const shards = 64

// Sharded is a Store for several goroutines: InMemory stores, each behind a
// lock of its own, to which keys are spread by their hash.
type Sharded struct {
	seed  maphash.Seed
	parts [shards]shard
}

type shard struct {
	mu    sync.Mutex
	store InMemory                                  // here, so that what is needed first lies beside the lock
	_     [128 - 8 - unsafe.Sizeof(InMemory{})]byte // no two locks on one cache line
}

// NewSharded returns an empty store that holds up to limit bytes in all its
// shards together, 0 meaning without limit.
func NewSharded(limit int64) *Sharded {
	s := &Sharded{seed: maphash.MakeSeed()}
	all := newSpace(limit)
	for i := range s.parts {
		s.parts[i].store = in(all)
	}
	return s
}

// find returns the shard that has the key, and the key's hash.
func (s *Sharded) find(key []byte) (*shard, uint64) {
	hash := maphash.Bytes(s.seed, key)
	return &s.parts[hash%shards], hash
}

// Append is Store's. It copies the value under the lock.
func (s *Sharded) Append(dst, key []byte) (out []byte, found bool, err error) {
	p, hash := s.find(key)
	p.mu.Lock()
	r, found := p.store.get(key, hash)
	if found {
		dst = append(dst, r.value()...)
	}
	p.mu.Unlock()
	return dst, found, nil
}

// AppendFit is Fitter's.
func (s *Sharded) AppendFit(dst, key []byte) (out []byte, found bool, need int, err error) {
	p, hash := s.find(key)
	p.mu.Lock()
	r, found := p.store.get(key, hash)
	if found {
		dst, need = appendFit(dst, r.value())
	}
	p.mu.Unlock()
	return dst, found, need, nil
}

// Itself is Fitter's.
func (s *Sharded) Itself() Store { return s }

// Put is Store's.
func (s *Sharded) Put(key, value []byte) error {
	p, hash := s.find(key)
	p.mu.Lock()
	err := p.store.put(key, value, hash)
	p.mu.Unlock()
	return err
}

// Usage is Bounded's.
func (s *Sharded) Usage() (used, limit int64) { return s.parts[0].store.Usage() }

// WhenNearlyFull is Bounded's.
func (s *Sharded) WhenNearlyFull(f func(used, limit int64)) { s.parts[0].store.WhenNearlyFull(f) }

// Len returns the number of keys.
func (s *Sharded) Len() int {
	n := 0
	for i := range s.parts {
		p := &s.parts[i]
		p.mu.Lock()
		n += p.store.Len()
		p.mu.Unlock()
	}
	return n
}
