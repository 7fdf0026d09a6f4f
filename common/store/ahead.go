package store

import "math/bits"

// Lookahead is how many keys are looked up at the same time: as many as stay in
// the processor's first cache until they are asked for.
const Lookahead = 16

// Expecter is a Store that can look up several keys at the same time. A lookup
// is little work and much waiting for memory; but a processor waits for many
// places at once, if it gets to know of them before it has waited for the
// first.
//
// What a store makes of it nobody can notice but by the time it takes.
type Expecter interface {
	// Hash returns what Fetch wants to know of a key.
	Hash(key []byte) uint64
	// Fetch looks up the first n of these keys, for which Append or Put will
	// soon be called.
	Fetch(hashes [Lookahead]uint64, n int)
}

// ahead are keys that were looked up, and will be asked for in this order.
type ahead struct {
	hashes  [Lookahead]uint64
	records [Lookahead]record // nil where there is none
	n, next int               // of n keys, the first that was not asked for since
}

// forget must be called when a record is replaced.
func (a *ahead) forget() {
	if a != nil {
		a.n = 0
	}
}

// Hash is Expecter's.
func (s *InMemory) Hash(key []byte) uint64 { return s.hash(key) }

// Fetch is Expecter's.
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

// touch reads the beginnings of records. Each loop is short, so that the
// processor, which begins a few hundred instructions ahead, begins with many of
// them. What is read has to go somewhere, or the compiler would not read it.
func touch(records []record) (read byte) {
	for _, r := range records {
		if r.first != nil {
			read += *r.first
		}
	}
	const line = 64 // the second cache line; behind that, processors guess
	for _, r := range records {
		if r.first != nil {
			if mem := r.memory(); len(mem) > line {
				read += mem[line]
			}
		}
	}
	return read
}

// take returns the record of the key if that was fetched, and it is its turn:
// then it need not even be hashed again.
func (a *ahead) take(key []byte) (r record, ok bool) {
	if a == nil || a.next >= a.n || !a.records[a.next].is(key) {
		return record{}, false
	}
	r = a.records[a.next]
	a.next++
	return r, true
}

// find returns the record with the hash, by what was fetched if it is that
// key's turn.
func (s *InMemory) find(hash uint64) (r record, found bool) {
	if a := s.ahead; a != nil && a.next < a.n && a.hashes[a.next] == hash {
		r = a.records[a.next]
		a.next++
		return r, r.first != nil
	}
	r, found = s.records[hash]
	return r, found
}

// Hash is Expecter's.
func (s *Sharded) Hash(key []byte) uint64 { _, hash := s.find(key); return hash }

// Fetch is Expecter's. It takes all the locks first, and gives them back at the
// end: in between the processor can begin with all keys. A shard that another
// goroutine has is left out, so nobody waits here, for whatever order they take
// their locks in.
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
