package store

import (
	"hash/maphash"
	"sync"
	"unsafe"
)

// shards is the number of locks of a Sharded store. It is far more than the
// number of threads that a machine runs at once, and each thread holds a lock
// for well under a hundredth of a request's time.
const shards = 64

// Sharded is a Store for several goroutines. It consists of InMemory stores,
// each behind its own lock; a key's hash chooses its store.
type Sharded struct {
	seed  maphash.Seed
	parts [shards]shard
}

type shard struct {
	mu    sync.Mutex
	store InMemory                                  // not a pointer, so that the fields needed first lie beside the lock
	_     [128 - 8 - unsafe.Sizeof(InMemory{})]byte // keeps two locks off one cache line
}

// NewSharded returns an empty store whose shards together hold up to limit
// bytes; 0 means no limit.
func NewSharded(limit int64) *Sharded {
	s := &Sharded{seed: maphash.MakeSeed()}
	all := newSpace(limit)
	for i := range s.parts {
		s.parts[i].store = in(all)
	}
	return s
}

// find returns the key's shard, and the key's hash.
func (s *Sharded) find(key []byte) (*shard, uint64) {
	hash := maphash.Bytes(s.seed, key)
	return &s.parts[hash%shards], hash
}

// Append implements Store. It copies the value under the lock.
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

// AppendFit implements Fitter.
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

// Itself implements Fitter.
func (s *Sharded) Itself() Store { return s }

// Put implements Store.
func (s *Sharded) Put(key, value []byte) error {
	p, hash := s.find(key)
	p.mu.Lock()
	err := p.store.put(key, value, hash)
	p.mu.Unlock()
	return err
}

// Usage implements Bounded. All shards share one count of bytes.
func (s *Sharded) Usage() (used, limit int64) { return s.parts[0].store.Usage() }

// WhenNearlyFull implements Bounded.
func (s *Sharded) WhenNearlyFull(f func(used, limit int64)) { s.parts[0].store.WhenNearlyFull(f) }

// Len implements Updater. It never fails.
func (s *Sharded) Len() (int, error) {
	n := 0
	for i := range s.parts {
		p := &s.parts[i]
		p.mu.Lock()
		n += p.store.len()
		p.mu.Unlock()
	}
	return n, nil
}
