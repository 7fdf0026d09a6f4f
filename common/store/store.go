// Package store keeps values by key, in memory. Store is the interface that the servers
// need; InMemory implements it for one goroutine, and Sharded for several. Neither ever
// drops an entry: a full store refuses a put.
package store

import (
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"sync/atomic"
)

// Store is the interface of a key/value store that the servers need. Keys and values
// are bytes that belong to the caller: a store copies the bytes that it keeps, and
// copies out the bytes that it returns. Append must return exactly the bytes that were
// put. The key/value protocol puts only UTF-8, and its clients cannot read anything else;
// other protocols put any bytes.
//
// An error says why the store failed: ErrFull, ErrUnavailable, ErrTimeout, or none of
// them. Clients learn only which of these it is; the error's text is for the server's log.
//
// A store that waits for a disk or for another process bounds the time of each operation.
// On a loop all clients wait meanwhile.
//
// A server that answers on several threads needs a store that is safe for concurrent
// use: Sharded is, InMemory is not.
type Store interface {
	// Append appends the value of key to dst, as append does, and reports whether the
	// key is present. If it is absent, or on an error, Append appends nothing.
	Append(dst, key []byte) (out []byte, found bool, err error)

	// Put stores a copy of value under a copy of key. After ErrFull the old value stays.
	// After any other error the put may have happened, or may still happen.
	Put(key, value []byte) error
}

// Bounded is a Store that knows how full it is. Any goroutine may call both methods.
type Bounded interface {
	Store

	// Usage returns how many bytes the store holds, and how many it may hold. A limit
	// of 0 means no limit.
	Usage() (used, limit int64)

	// WhenNearlyFull has f called when a Put fills the store beyond nine tenths of its
	// limit, and again only after the store was emptier in between. f must not call the
	// store, and must not block. Only the last f counts.
	WhenNearlyFull(f func(used, limit int64))
}

// Stats are the counters of a server's store since the server's start.
type Stats struct {
	// StoreFull counts the puts that failed because the store was full.
	StoreFull int64 `json:"store_full"`
	// StoreErrors counts requests that failed because of another error of the store.
	// The log has the error.
	StoreErrors int64 `json:"store_errors"`
	// StoreUnavailable and StoreTimeouts are the parts of StoreErrors with ErrUnavailable
	// and ErrTimeout. Both are 0 for a store in memory.
	StoreUnavailable int64 `json:"store_unavailable,omitempty"`
	StoreTimeouts    int64 `json:"store_timeouts,omitempty"`
	// Store is how full the store is; nil if it is no Bounded.
	Store *Usage `json:"store,omitempty"`
	// StoreLatency is how long the store's operations took; nil if it is not Timed.
	StoreLatency *Latency `json:"store_latency,omitempty"`
}

// Usage is how full a store is.
type Usage struct {
	Bytes int64 `json:"bytes"` // of keys, values and their bookkeeping
	Limit int64 `json:"limit"` // of these bytes; 0: none
}

// Fitter is a Store that appends a value only if it fits, so its caller can choose the
// memory. A server counts memory that it chooses. It can count memory that Append
// allocates only afterwards, and leaves it to the garbage collector.
type Fitter interface {
	// AppendFit is Append if dst's free capacity is enough for the value. If it is not,
	// found is true, nothing is appended, and need is the value's length in bytes; the
	// caller then asks again with more room.
	AppendFit(dst, key []byte) (out []byte, found bool, need int, err error)

	// Itself returns the store whose AppendFit this is. A type that embeds a store and
	// has an Append of its own also inherits that store's AppendFit, which would bypass
	// its Append. So a server compares Itself with the store that it was given.
	Itself() Store
}

// The reasons for which a store fails. Its errors wrap them.
var (
	// ErrFull: the entry does not fit into the store, which did not change.
	ErrFull = errors.New("store is full")
	// ErrUnavailable: the store cannot be reached, or cannot serve at present. Later it may.
	ErrUnavailable = errors.New("store is not available")
	// ErrTimeout: the store did not answer in time.
	ErrTimeout = errors.New("store did not answer in time")
	// ErrApart: a step needs keys that lie on several servers, which cannot do it together.
	ErrApart = errors.New("the keys lie on several servers")
)

// maxRecord is the largest sum of a key's and its value's lengths, in bytes.
const maxRecord = math.MaxUint32 - recordHeader

// entryOverhead is the estimated cost of an entry beyond its key and value, in bytes:
// its slot in the map, and the allocator's rounding. BenchmarkEntryOverhead measures 54
// with a million entries. The cost depends on how full the map is, so the estimate is a
// little higher.
const entryOverhead = 64

// InMemory is a Store over Go's map, for one goroutine at a time.
type InMemory struct {
	seed       maphash.Seed
	records    map[uint64]record // by the key's hash
	clashes    map[string]record // records whose hash another key already has
	space      *space
	prefetched *prefetched // nil before the first Prefetch
	read       byte        // sum of the bytes that touch has read
}

// New returns an empty store that holds up to limit bytes of keys, values and their
// bookkeeping; 0 means no limit.
func New(limit int64) *InMemory {
	s := in(newSpace(limit))
	return &s
}

func in(s *space) InMemory {
	return InMemory{
		seed:    maphash.MakeSeed(),
		records: make(map[uint64]record),
		clashes: make(map[string]record),
		space:   s,
	}
}

// space counts the bytes of one or several stores against their common limit, with
// entryOverhead for each entry.
type space struct {
	limit  int64 // 0: no limit
	mark   int64 // above it the space is nearly full
	used   atomic.Int64
	nearly atomic.Bool // it has been reported as nearly full
	say    atomic.Pointer[func(used, limit int64)]
}

func newSpace(limit int64) *space { return &space{limit: limit, mark: limit - limit/10} }

// take takes n bytes if the limit allows it. A negative n gives bytes back.
func (s *space) take(n int64) error {
	used := s.used.Add(n)
	if s.limit == 0 {
		return nil
	}
	if n > 0 && used > s.limit {
		s.used.Add(-n)
		return fmt.Errorf("%w: %d of %d bytes used, %d more needed", ErrFull, used-n, s.limit, n)
	}
	if nearly := used > s.mark; nearly != s.nearly.Load() && s.nearly.CompareAndSwap(!nearly, nearly) && nearly {
		if say := s.say.Load(); say != nil {
			(*say)(used, s.limit)
		}
	}
	return nil
}

// Usage implements Bounded.
func (s *InMemory) Usage() (used, limit int64) { return s.space.used.Load(), s.space.limit }

// WhenNearlyFull implements Bounded.
func (s *InMemory) WhenNearlyFull(f func(used, limit int64)) { s.space.say.Store(&f) }

func (s *InMemory) hash(key []byte) uint64 { return maphash.Bytes(s.seed, key) }

// Append implements Store.
func (s *InMemory) Append(dst, key []byte) (out []byte, found bool, err error) {
	r, found := s.prefetched.take(key)
	if !found {
		r, found = s.get(key, s.hash(key))
	}
	if found {
		dst = append(dst, r.value()...)
	}
	return dst, found, nil
}

// AppendFit implements Fitter.
func (s *InMemory) AppendFit(dst, key []byte) (out []byte, found bool, need int, err error) {
	r, ok := s.prefetched.take(key)
	if !ok {
		if r, ok = s.get(key, s.hash(key)); !ok {
			return dst, false, 0, nil
		}
	}
	out, need = appendFit(dst, r.value())
	return out, true, need, nil
}

// Itself implements Fitter.
func (s *InMemory) Itself() Store { return s }

// get returns the key's record.
func (s *InMemory) get(key []byte, hash uint64) (r record, found bool) {
	if r, _ = s.find(hash); !r.is(key) {
		if r = s.clashes[string(key)]; !r.is(key) {
			return record{}, false
		}
	}
	return r, true
}

// Put implements Store.
func (s *InMemory) Put(key, value []byte) error {
	if r, ok := s.prefetched.take(key); ok && r.set(value) {
		return nil
	}
	return s.put(key, value, s.hash(key))
}

func (s *InMemory) put(key, value []byte, hash uint64) error {
	if tooLong(key, value) {
		return errTooLong(key, value)
	}
	old, clash := s.old(key, hash)
	if old.first != nil && old.set(value) {
		return nil
	}
	if err := s.space.take(growth(old, key, value)); err != nil {
		return err
	}
	s.replace(key, value, hash, clash)
	return nil
}

// old returns the key's record, if there is one, and whether its place is among the
// clashes.
func (s *InMemory) old(key []byte, hash uint64) (r record, clash bool) {
	r, found := s.find(hash)
	if found && r.is(key) {
		return r, false
	}
	if found || len(s.clashes) > 0 {
		// Without a record of this hash, too: another key of it may have been deleted.
		if r, clash = s.clashes[string(key)]; clash {
			return r, true
		}
	}
	return record{}, found
}

// growth returns how many bytes a new record takes more than the old one, if any.
func growth(old record, key, value []byte) int64 {
	n := int64(len(key) + len(value))
	if old.first == nil {
		return n + entryOverhead
	}
	return n - int64(len(old.memory())-recordHeader)
}

// replace stores a new record in the key's place.
func (s *InMemory) replace(key, value []byte, hash uint64, clash bool) {
	s.place(newRecord(key, value), key, hash, clash)
}

// place stores a record in its key's place.
func (s *InMemory) place(r record, key []byte, hash uint64, clash bool) {
	s.prefetched.forget()
	if clash {
		s.clashes[string(key)] = r
	} else {
		s.records[hash] = r
	}
}

// Len implements Updater. It never fails.
func (s *InMemory) Len() (int, error) { return s.len(), nil }

func (s *InMemory) len() int { return len(s.records) + len(s.clashes) }
