package store

import "math/bits"

// Lookahead is the largest number of keys that are prefetched at a time. That
// many records stay in the processor's first cache until they are asked for.
const Lookahead = 16

// Expecter is a Store that can prefetch several keys at the same time. A lookup
// is little work and much waiting for memory. A processor can wait for many
// places at once, if it learns of them before it has waited for the first.
//
// Prefetching may change timing, never results.
type Expecter interface {
	// Hash returns a key's hash, for Fetch.
	Hash(key []byte) uint64
	// Fetch looks up the keys with the first n hashes. Append or Put will soon
	// be called for these keys.
	Fetch(hashes [Lookahead]uint64, n int)
}

// ahead holds records that were prefetched, in the order in which they will be
// asked for.
type ahead struct {
	hashes  [Lookahead]uint64
	records [Lookahead]record // nil if there is no such record
	n, next int               // n records; next is the first that was not asked for yet
}

// forget must be called when a record is replaced.
func (a *ahead) forget() {
	if a != nil {
		a.n = 0
	}
}

// Hash implements Expecter.
func (s *InMemory) Hash(key []byte) uint64 { return s.hash(key) }

// Fetch implements Expecter.
func (s *InMemory) Fetch(hashes [Lookahead]uint64, n int) {
	if s.ahead == nil {
		s.ahead = new(ahead)
	}
	a := s.ahead
	a.hashes, a.n, a.next = hashes, n, 0
	for i, hash := range hashes[:n] {
		a.records[i] = s.records[hash]
	}
	s.read += touch(a.records[:n])
}

// touch reads the beginnings of records, so that the processor loads them into
// its cache. Each loop is short, because the processor runs only a few hundred
// instructions ahead: so it starts many loads at once. The bytes are added up
// because the compiler would omit loads without a use.
func touch(records []record) (read byte) {
	for _, r := range records {
		if r.first != nil {
			read += *r.first
		}
	}
	const line = 64 // the second cache line; processors prefetch further lines themselves
	for _, r := range records {
		if r.first != nil {
			if mem := r.memory(); len(mem) > line {
				read += mem[line]
			}
		}
	}
	return read
}

// take returns the record of the key, if that key is the next prefetched one.
// The key need not be hashed again then.
func (a *ahead) take(key []byte) (r record, ok bool) {
	if a == nil || a.next >= a.n || !a.records[a.next].is(key) {
		return record{}, false
	}
	r = a.records[a.next]
	a.next++
	return r, true
}

// find returns the record with the hash: the next prefetched record if the hash
// is the same, or else from the map.
func (s *InMemory) find(hash uint64) (r record, found bool) {
	if a := s.ahead; a != nil && a.next < a.n && a.hashes[a.next] == hash {
		r = a.records[a.next]
		a.next++
		return r, r.first != nil
	}
	r, found = s.records[hash]
	return r, found
}

// Hash implements Expecter.
func (s *Sharded) Hash(key []byte) uint64 { _, hash := s.find(key); return hash }

// Fetch implements Expecter. It takes all the locks first, and releases them at
// the end, so that the processor can start all lookups in between. It skips a
// shard that another goroutine has locked. So it never waits for a lock, and
// the order in which locks are taken does not matter.
func (s *Sharded) Fetch(hashes [Lookahead]uint64, n int) {
	const _ uint64 = 1 << (shards - 1)
	var held uint64 // a bit for each shard
	for _, hash := range hashes[:n] {
		if bit := uint64(1) << (hash % shards); held&bit == 0 && s.parts[hash%shards].mu.TryLock() {
			held |= bit
		}
	}
	var at [Lookahead]record
	for i, hash := range hashes[:n] {
		if held&(1<<(hash%shards)) != 0 {
			at[i] = s.parts[hash%shards].store.records[hash]
		}
	}
	read := touch(at[:n])
	for left := held; left != 0; left &= left - 1 {
		part := &s.parts[bits.TrailingZeros64(left)]
		part.store.read += read
		part.mu.Unlock()
	}
}
