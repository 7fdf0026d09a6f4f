package store

import "math/bits"

// PrefetchBatch is the largest number of keys that are prefetched at a time.
// That many records stay in the processor's first cache until they are asked
// for.
const PrefetchBatch = 16

// Prefetcher is a Store that can prefetch several keys at the same time. A
// lookup is little work and much waiting for memory. A processor can wait for
// many places at once, if it learns of them before it has waited for the first.
//
// Prefetching may change timing, never results.
type Prefetcher interface {
	// Hash returns a key's hash, for Prefetch.
	Hash(key []byte) uint64
	// Prefetch looks up the keys with the first n hashes. Append or Put will
	// soon be called for these keys.
	Prefetch(hashes [PrefetchBatch]uint64, n int)
}

// prefetched are the records that the last Prefetch looked up, in the order in
// which they will be asked for.
type prefetched struct {
	hashes  [PrefetchBatch]uint64
	records [PrefetchBatch]record // nil if there is no such record
	n, next int                   // n records; next is the first that was not asked for yet
}

// forget must be called when a record is replaced.
func (p *prefetched) forget() {
	if p != nil {
		p.n = 0
	}
}

// Hash implements Prefetcher.
func (s *InMemory) Hash(key []byte) uint64 { return s.hash(key) }

// Prefetch implements Prefetcher.
func (s *InMemory) Prefetch(hashes [PrefetchBatch]uint64, n int) {
	if s.prefetched == nil {
		s.prefetched = new(prefetched)
	}
	p := s.prefetched
	p.hashes, p.n, p.next = hashes, n, 0
	for i, hash := range hashes[:n] {
		p.records[i] = s.records[hash]
	}
	s.read += touch(p.records[:n])
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
func (p *prefetched) take(key []byte) (r record, ok bool) {
	if p == nil || p.next >= p.n || !p.records[p.next].is(key) {
		return record{}, false
	}
	r = p.records[p.next]
	p.next++
	return r, true
}

// find returns the record with the hash: the next prefetched record if the hash
// is the same, or else from the map.
func (s *InMemory) find(hash uint64) (r record, found bool) {
	if p := s.prefetched; p != nil && p.next < p.n && p.hashes[p.next] == hash {
		r = p.records[p.next]
		p.next++
		return r, r.first != nil
	}
	r, found = s.records[hash]
	return r, found
}

// Hash implements Prefetcher.
func (s *Sharded) Hash(key []byte) uint64 { _, hash := s.find(key); return hash }

// Prefetch implements Prefetcher. It takes all the locks first, and releases
// them at the end, so that the processor can start all lookups in between. It
// skips a shard that another goroutine has locked. So it never waits for a
// lock, and the order in which locks are taken does not matter.
func (s *Sharded) Prefetch(hashes [PrefetchBatch]uint64, n int) {
	const _ uint64 = 1 << (shards - 1)
	var held uint64 // a bit for each shard
	for _, hash := range hashes[:n] {
		if bit := uint64(1) << (hash % shards); held&bit == 0 && s.parts[hash%shards].mu.TryLock() {
			held |= bit
		}
	}
	var at [PrefetchBatch]record
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
