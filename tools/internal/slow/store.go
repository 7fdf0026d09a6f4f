// Package slow has a store that is slow for some keys, like a server's
// handler that waits for a database, or computes.
package slow

import (
	"bytes"
	"time"

	"github.com/ioflavors/ioflavors/common/store"
)

// Store is a sharded store in memory, safe for concurrent use, that is slower
// for keys with a prefix. It prefetches like the sharded store, which does not
// delay any key.
type Store struct {
	*store.Sharded
	prefix []byte
	delay  Delay
}

// Delay is the additional time: first Sleep, in which the goroutine waits, and
// then Burn, in which it computes, measured by the clock. A thread that the
// system or Go's scheduler interrupts meanwhile computes less.
type Delay struct{ Sleep, Burn time.Duration }

// New returns an empty store that is slow for keys with the prefix. It holds up
// to limit bytes; 0 means no limit.
func New(prefix string, delay Delay, limit int64) *Store {
	return &Store{store.NewSharded(limit), []byte(prefix), delay}
}

// Append waits if the key is slow, and then gets its value from the sharded
// store.
func (s *Store) Append(dst, key []byte) (out []byte, found bool, err error) {
	s.wait(key)
	return s.Sharded.Append(dst, key)
}

// Put waits if the key is slow, and then stores the value in the sharded
// store.
func (s *Store) Put(key, value []byte) error {
	s.wait(key)
	return s.Sharded.Put(key, value)
}

// wait takes the time of the key, without holding a lock.
func (s *Store) wait(key []byte) {
	if !bytes.HasPrefix(key, s.prefix) {
		return
	}
	if s.delay.Sleep > 0 {
		time.Sleep(s.delay.Sleep)
	}
	if s.delay.Burn > 0 {
		for began := time.Now(); time.Since(began) < s.delay.Burn; {
		}
	}
}

var (
	_ store.Store      = (*Store)(nil)
	_ store.Prefetcher = (*Store)(nil)
)
