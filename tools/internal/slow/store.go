// Package slow has a store that takes long for some keys: what a server's
// handler does that waits for a database, or computes.
package slow

import (
	"bytes"
	"time"

	"github.com/ioflavors/ioflavors/common/store"
)

// Store is a sharded store in memory, safe for concurrent use, that takes
// longer for keys with a prefix. It looks ahead as the sharded one does, which
// takes no longer for any key.
type Store struct {
	*store.Sharded
	prefix []byte
	delay  Delay
}

// Delay is how much longer: first Sleep, in which the goroutine waits, and then
// Burn, in which it computes, by the clock. A thread that the system or Go's
// scheduler interrupts meanwhile computes less.
type Delay struct{ Sleep, Burn time.Duration }

// New returns an empty store that is slow for keys with the prefix, and holds up
// to limit bytes, 0 meaning without limit.
func New(prefix string, delay Delay, limit int64) *Store {
	return &Store{store.NewSharded(limit), []byte(prefix), delay}
}

// Append is store.Store's.
func (s *Store) Append(dst, key []byte) (out []byte, found bool, err error) {
	s.wait(key)
	return s.Sharded.Append(dst, key)
}

// Put is store.Store's.
func (s *Store) Put(key, value []byte) error {
	s.wait(key)
	return s.Sharded.Put(key, value)
}

// wait takes the time that the key takes, with no lock.
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
	_ store.Store    = (*Store)(nil)
	_ store.Expecter = (*Store)(nil)
)
