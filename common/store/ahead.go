package store

// Expecter is a Store that can look up several keys at the same time. A lookup
// is little work and much waiting for memory; but a processor waits for many
// places at once, if it gets to know of them before it has waited for the
// first.
//
// What a store makes of it nobody can notice but by the time it takes.
type Expecter interface {
	// Expect notes that Append or Put will soon be called with the key.
	Expect(key []byte)
	// Fetch looks up the keys expected since the last Fetch. It is best to
	// expect no more than 16: they have to stay in the processor's first
	// cache until they are asked for.
	Fetch()
}

// lookahead is how many keys are looked up at a time.
const lookahead = 16

// ahead are the keys that will be asked for next, in this order.
type ahead struct {
	keys    []expected
	fetched bool // all of them; more keys begin a new list
	next    int  // the first that was not asked for since
	read    byte // what was fetched has to go somewhere, or the compiler fetches nothing
}

type expected struct {
	hash   uint64
	record record // as Fetch found it: nil if there was none
}

// Expect is Expecter's.
func (s *InMemory) Expect(key []byte) {
	if s.ahead.fetched {
		s.ahead.forget()
	}
	if len(s.ahead.keys) < lookahead {
		s.ahead.keys = append(s.ahead.keys, expected{hash: s.hash(key)})
	}
}

// Fetch is Expecter's. Each loop is short, so that the processor, which
// begins a few hundred instructions ahead, begins with many keys.
func (s *InMemory) Fetch() {
	keys := s.ahead.keys
	s.ahead.fetched = true
	for i := range keys {
		keys[i].record = s.records[keys[i].hash]
	}
	for _, k := range keys {
		if k.record.first != nil {
			s.ahead.read += *k.record.first
		}
	}
	const line = 64 // the second cache line; behind that, processors guess
	for _, k := range keys {
		if k.record.first != nil {
			if mem := k.record.memory(); len(mem) > line {
				s.ahead.read += mem[line]
			}
		}
	}
}

// find returns the record with the hash, by what was fetched if it is that
// key's turn.
func (s *InMemory) find(hash uint64) (r record, found bool) {
	if a := &s.ahead; a.fetched && a.next < len(a.keys) && a.keys[a.next].hash == hash {
		r = a.keys[a.next].record
		a.next++
		return r, r.first != nil
	}
	r, found = s.records[hash]
	return r, found
}

// forget must be called when a record is replaced.
func (a *ahead) forget() { a.keys, a.fetched, a.next = a.keys[:0], false, 0 }
