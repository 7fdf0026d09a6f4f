package store

import "reflect"

// Scanner goes through the keys of a store in several steps, between which the store may
// change. It meets each key that is present from the first step to the last one: once in
// a store in memory, and perhaps again in one that several servers hold. It may meet or
// miss the others. One goroutine at a time uses it.
type Scanner interface {
	// Next calls f with at most n further keys, until f returns false: f has not taken
	// that key then, and gets it again at the next call. A step that meets no key may
	// still have looked for n. more is false after the last key. key is valid until f
	// returns, and f must not call the store.
	Next(n int, f func(key []byte) bool) (more bool, err error)
}

// Scan implements Updater.
func (s *InMemory) Scan() Scanner { return &scanner{store: s} }

// scanner is the Scanner of an InMemory. Package reflect has the only iterator over a
// map that can wait between two keys. Like a range loop, it permits changes to the map.
type scanner struct {
	store   *InMemory
	keys    *reflect.MapIter // of records, then of clashes; nil: at the beginning
	clashes bool
	waiting bool // f has not taken the present key
}

// Next implements Scanner.
func (c *scanner) Next(n int, f func(key []byte) bool) (more bool, err error) {
	_, more = c.next(n, f)
	return more, nil
}

// next is Next. It also returns how many keys are left of n.
func (c *scanner) next(n int, f func(key []byte) bool) (left int, more bool) {
	if c.keys == nil {
		c.keys = reflect.ValueOf(c.store.records).MapRange()
	}
	for ; n > 0; n-- {
		for !c.waiting && !c.keys.Next() {
			if c.clashes {
				return n, false
			}
			c.clashes = true
			c.keys = reflect.ValueOf(c.store.clashes).MapRange()
		}
		r, found := c.present()
		if c.waiting = found && !f(r.key()); c.waiting {
			return 0, true
		}
	}
	return 0, true
}

// present returns the record at which the iterator stands.
func (c *scanner) present() (r record, found bool) {
	if key := c.keys.Key(); c.clashes {
		r, found = c.store.clashes[key.String()]
	} else {
		r, found = c.store.records[key.Uint()]
	}
	return r, found
}

// Scan implements Updater.
func (s *Sharded) Scan() Scanner { return &shardedScanner{store: s} }

// shardedScanner is the Scanner of a Sharded. It locks one shard after the other.
type shardedScanner struct {
	store *Sharded
	shard int
	keys  scanner // of that shard
}

// Next implements Scanner.
func (c *shardedScanner) Next(n int, f func(key []byte) bool) (more bool, err error) {
	for ; c.shard < shards; c.shard++ {
		if n, more = c.next(n, f); more {
			return true, nil
		}
		c.keys = scanner{}
	}
	return false, nil
}

func (c *shardedScanner) next(n int, f func(key []byte) bool) (left int, more bool) {
	p := &c.store.parts[c.shard]
	p.mu.Lock()
	defer p.mu.Unlock()
	c.keys.store = &p.store
	return c.keys.next(n, f)
}
