package store

import (
	"fmt"
	"iter"
	"math/bits"
)

// Updater is a Store that can also remove and list entries, and change several of them in
// one step. Other goroutines see all of a step or nothing of it.
type Updater interface {
	// Update calls f, while no other goroutine reads or changes the keys. f may use
	// the Tx until it returns, for these keys only, and must not call the store. Update
	// returns f's error, or another one if the changes cannot be kept. A key may come
	// several times.
	//
	// A store may call f on another goroutine, and several times: if others have changed
	// the keys meanwhile, nothing of the last call stays, and f begins anew. It does not
	// call f any more when Update has returned.
	Update(keys iter.Seq[[]byte], f func(Tx) error) error

	// View is Update for an f that changes nothing: of the Tx it only calls Get. It may be
	// cheaper.
	View(keys iter.Seq[[]byte], f func(Tx) error) error

	// Scan returns a Scanner that is at the beginning of the keys.
	Scan() Scanner

	// Len returns the number of keys.
	Len() (int, error)

	// Clear removes all keys in one step.
	Clear() error

	// Itself returns the store that these methods belong to: see Fitter.
	Itself() Store
}

// Tx is what a function that Update calls may do with the keys. Each change happens at
// once. If the function returns an error, its changes may stay or not.
type Tx interface {
	// Get returns the value of key. It is valid until key is changed, and at most until
	// the function returns; it must not be modified.
	Get(key []byte) (value []byte, found bool, err error)
	// Put stores a copy of value under a copy of key. value may be a part of what Get
	// returned.
	Put(key, value []byte) error
	// PutAll puts all pairs of a key and a value, or none if they do not all fit. It
	// goes through pairs twice.
	PutAll(pairs iter.Seq2[[]byte, []byte]) error
	// Append appends suffix, which is no part of what Get returned, to the value of key,
	// or puts it if there is none. It returns the new length in bytes. Its time grows
	// with the suffix and, on average over many appends, not with the value.
	Append(key, suffix []byte) (length int, err error)
	// Delete removes key, and reports whether it was present.
	Delete(key []byte) (found bool, err error)
}

var (
	_ Updater = (*InMemory)(nil)
	_ Updater = (*Sharded)(nil)
)

// inMemoryTx is an InMemory inside Update.
type inMemoryTx InMemory

// Update implements Updater.
func (s *InMemory) Update(_ iter.Seq[[]byte], f func(Tx) error) error { return f((*inMemoryTx)(s)) }

// View implements Updater.
func (s *InMemory) View(keys iter.Seq[[]byte], f func(Tx) error) error { return s.Update(keys, f) }

func (t *inMemoryTx) Get(key []byte) (value []byte, found bool, err error) {
	s := (*InMemory)(t)
	if r, found := s.get(key, s.hash(key)); found {
		return r.value(), true, nil
	}
	return nil, false, nil
}

func (t *inMemoryTx) Put(key, value []byte) error { return (*InMemory)(t).Put(key, value) }

func (t *inMemoryTx) PutAll(pairs iter.Seq2[[]byte, []byte]) error {
	s := (*InMemory)(t)
	return putAll(s.space, pairs, func(key []byte) (*InMemory, uint64) { return s, s.hash(key) })
}

func (t *inMemoryTx) Append(key, suffix []byte) (length int, err error) {
	s := (*InMemory)(t)
	return s.extend(key, suffix, s.hash(key))
}

func (t *inMemoryTx) Delete(key []byte) (found bool, err error) {
	s := (*InMemory)(t)
	return s.delete(key, s.hash(key)), nil
}

// Clear implements Updater.
func (s *InMemory) Clear() error {
	s.forgetAll()
	_ = s.space.take(-s.space.used.Load())
	return nil
}

// forgetAll removes all records, but gives no space back. It makes new maps, because a
// map keeps its memory when its entries are deleted.
func (s *InMemory) forgetAll() {
	s.records, s.clashes = make(map[uint64]record), make(map[string]record)
	s.prefetched.forget()
}

// extend is Tx.Append. A value that does not fit into its memory gets memory for a quarter
// more, so that most appends copy only the suffix. Without space for that it gets none
// to spare.
func (s *InMemory) extend(key, suffix []byte, hash uint64) (length int, err error) {
	old, clash := s.old(key, hash)
	if old.first == nil {
		return len(suffix), s.put(key, suffix, hash)
	}
	if length, ok := old.extend(suffix); ok {
		return length, nil
	}
	value := old.value()
	length = len(value) + len(suffix)
	spare := length / 4
	if uint64(len(key))+uint64(length)+uint64(spare) > maxRecord {
		return 0, errTooLong(key, value)
	}
	grown := int64(recordHeader + len(key) + length - len(old.memory()))
	if s.space.take(grown+int64(spare)) != nil {
		if spare, err = 0, s.space.take(grown); err != nil {
			return 0, err
		}
	}
	r := makeRecord(key, value, length+spare)
	r.extend(suffix)
	s.place(r, key, hash, clash)
	return length, nil
}

func (s *InMemory) delete(key []byte, hash uint64) (found bool) {
	r, found := s.records[hash]
	if found = found && r.is(key); found {
		delete(s.records, hash) // another key with this hash may stay among the clashes
	} else if r, found = s.clashes[string(key)]; found {
		delete(s.clashes, string(key))
	}
	if found {
		s.prefetched.forget()
		_ = s.space.take(-entryOverhead - int64(len(r.memory())-recordHeader)) // giving back does not fail
	}
	return found
}

// putAll puts all pairs, or none if they do not fit. at returns the store and the hash of
// a key, whose locks the caller holds.
//
// Before the first put it takes the space that they need if no key comes twice. Keys that
// come twice need less; the difference is given back.
func putAll(space *space, pairs iter.Seq2[[]byte, []byte], at func(key []byte) (*InMemory, uint64)) error {
	var reserved int64
	for key, value := range pairs {
		if tooLong(key, value) {
			return errTooLong(key, value)
		}
		s, hash := at(key)
		if r, found := s.get(key, hash); !found {
			reserved += growth(record{}, key, value)
		} else if mem := r.memory(); !suits(mem[valueAt(mem):], value) {
			reserved += max(0, growth(r, key, value))
		}
	}
	if err := space.take(reserved); err != nil {
		return err
	}
	for key, value := range pairs {
		s, hash := at(key)
		if old, clash := s.old(key, hash); old.first == nil || !old.set(value) {
			reserved -= growth(old, key, value)
			s.replace(key, value, hash, clash)
		}
	}
	if reserved != 0 {
		_ = space.take(-reserved) // giving back does not fail
	}
	return nil
}

// shardedTx is a Sharded inside Update.
type shardedTx Sharded

// Update implements Updater. It takes the locks of the keys' shards in ascending order,
// so two updates never wait for each other.
func (s *Sharded) Update(keys iter.Seq[[]byte], f func(Tx) error) error {
	var held uint64 // a bit for each shard
	for key := range keys {
		_, hash := s.find(key)
		held |= 1 << (hash % shards)
	}
	s.lock(held)
	defer s.unlock(held)
	return f((*shardedTx)(s))
}

// View implements Updater.
func (s *Sharded) View(keys iter.Seq[[]byte], f func(Tx) error) error { return s.Update(keys, f) }

func (s *Sharded) lock(held uint64) {
	for left := held; left != 0; left &= left - 1 {
		s.parts[bits.TrailingZeros64(left)].mu.Lock()
	}
}

func (s *Sharded) unlock(held uint64) {
	for left := held; left != 0; left &= left - 1 {
		s.parts[bits.TrailingZeros64(left)].mu.Unlock()
	}
}

func (t *shardedTx) at(key []byte) (*InMemory, uint64) {
	p, hash := (*Sharded)(t).find(key)
	return &p.store, hash
}

func (t *shardedTx) Get(key []byte) (value []byte, found bool, err error) {
	s, hash := t.at(key)
	if r, found := s.get(key, hash); found {
		return r.value(), true, nil
	}
	return nil, false, nil
}

func (t *shardedTx) Put(key, value []byte) error {
	s, hash := t.at(key)
	return s.put(key, value, hash)
}

func (t *shardedTx) PutAll(pairs iter.Seq2[[]byte, []byte]) error {
	return putAll(t.parts[0].store.space, pairs, t.at)
}

func (t *shardedTx) Append(key, suffix []byte) (length int, err error) {
	s, hash := t.at(key)
	return s.extend(key, suffix, hash)
}

func (t *shardedTx) Delete(key []byte) (found bool, err error) {
	s, hash := t.at(key)
	return s.delete(key, hash), nil
}

// Clear implements Updater.
func (s *Sharded) Clear() error {
	s.lock(^uint64(0))
	defer s.unlock(^uint64(0))
	for i := range s.parts {
		s.parts[i].store.forgetAll()
	}
	space := s.parts[0].store.space
	_ = space.take(-space.used.Load())
	return nil
}

// tooLong reports whether a record cannot hold the entry.
func tooLong(key, value []byte) bool {
	return uint64(len(key))+uint64(len(value)) > maxRecord
}

func errTooLong(key, value []byte) error {
	return fmt.Errorf("%w for a key of %d and a value of %d bytes", ErrFull, len(key), len(value))
}
