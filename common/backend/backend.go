// Package backend is the store behind a protocol: it chooses one for the server that runs
// the protocol, counts and logs its errors, and reports how full it is.
package backend

import (
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/ioflavors/ioflavors/common/asynclog"
	"github.com/ioflavors/ioflavors/common/memlimit"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// Config is the configuration of a Backend. The zero value is usable.
type Config struct {
	// Store holds the data. nil: Start makes one in memory.
	Store store.Store
	// Limit bounds a store that Start makes, in bytes of keys, values and their
	// bookkeeping. A put beyond it gets an error; the log warns at nine tenths. The
	// store never drops an entry, so a full store takes no new key until the server is
	// restarted. 0: a quarter of the memory that the machine has or its control group
	// allows (package memlimit). Negative: no limit.
	Limit int64
}

// Bytes returns Limit in bytes, with the default filled in; 0 means no limit.
func (c Config) Bytes() int64 {
	if c.Limit == 0 {
		return memlimit.Bytes() / 4
	}
	return max(0, c.Limit)
}

// Backend is the store behind a protocol. Its methods are safe for concurrent use.
type Backend struct {
	cfg Config

	mu      sync.Mutex
	store   store.Store // nil before Start
	log     *slog.Logger
	bounded store.Bounded // nil: the store does not say its usage

	full, failed               atomic.Int64
	unavailable, timeouts      atomic.Int64 // of the failed
	fullLog, failedLog, nearly asynclog.Throttle
}

// New returns a backend.
func New(cfg Config) *Backend { return &Backend{cfg: cfg, log: slog.New(slog.DiscardHandler)} }

// Start returns the store. Call it once for each server. Without a store of its own, a
// Backend is for one server.
func (b *Backend) Start(env session.Env) (store.Store, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.store != nil && b.cfg.Store == nil {
		return nil, errors.New("a protocol without a store of its own serves one server; give it a store, or make one protocol for each server")
	}
	switch b.store = b.cfg.Store; {
	case b.store != nil:
	case env.Threads:
		b.store = store.NewSharded(b.cfg.Bytes())
	default:
		b.store = store.New(b.cfg.Bytes())
	}
	if env.Logger != nil {
		b.log = env.Logger
	}
	if bounded, ok := b.store.(store.Bounded); ok {
		b.bounded = bounded
		bounded.WhenNearlyFull(b.nearlyFull)
	}
	return b.store, nil
}

// nearlyFull warns the operator while there is time to act.
func (b *Backend) nearlyFull(used, limit int64) {
	if suppressed, ok := b.nearly.Allow(); ok {
		b.log.Warn("the store is nearly full; when it is full, puts get an error", "bytes", used, "limit", limit, "suppressed", suppressed)
	}
}

// Failed counts an error of the store, and tells the operator of it; clients are not
// told. It makes the text at once, because another goroutine writes the log and the
// error belongs to the store.
func (b *Backend) Failed(err error) {
	if !errors.Is(err, store.ErrFull) {
		n := b.failed.Add(1)
		switch {
		case errors.Is(err, store.ErrUnavailable):
			b.unavailable.Add(1)
		case errors.Is(err, store.ErrTimeout):
			b.timeouts.Add(1)
		}
		if suppressed, ok := b.failedLog.Allow(); ok {
			b.log.Error("the store failed; clients get an error", "error", err.Error(), "errors", n, "suppressed", suppressed)
		}
		return
	}
	n := b.full.Add(1)
	if suppressed, ok := b.fullLog.Allow(); ok {
		b.log.Warn("the store is full; puts get an error", "error", err.Error(), "puts", n, "suppressed", suppressed)
	}
}

// StoreStats returns the counters of the store's errors, and how full it is.
func (b *Backend) StoreStats() store.Stats {
	s := store.Stats{StoreFull: b.full.Load(), StoreErrors: b.failed.Load(), StoreUnavailable: b.unavailable.Load(), StoreTimeouts: b.timeouts.Load()}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bounded != nil {
		used, limit := b.bounded.Usage()
		s.Store = &store.Usage{Bytes: used, Limit: limit}
	}
	if timed, ok := b.store.(store.Timed); ok {
		latency := timed.Latency()
		s.StoreLatency = &latency
	}
	return s
}
