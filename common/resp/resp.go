// Package resp implements Redis's protocol over a store: RESP2, RESP3 after HELLO 3, and
// inline commands. It does no I/O. Its commands are those that clients need to connect,
// and those on strings: commands.go has them all. Replies, errors included, are those of
// Redis 7; docs/protocol.md lists the differences.
//
// New returns the protocol, which a server runs. parse.go finds requests in bytes,
// handler.go answers them, and each of the other files has a group of commands.
package resp

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"

	"github.com/ioflavors/ioflavors/common/backend"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// Config is the configuration of a Protocol. The zero value is usable.
type Config struct {
	// Store holds the data. nil: a new one in memory, safe for concurrent use if the
	// server needs that. Commands that change or read several entries in one step, or
	// remove or list entries, need a store.Updater; with another store they answer an
	// error.
	//
	// Clients of this protocol put any bytes. So the store cannot be shared with the
	// key/value protocol, whose values are UTF-8.
	Store store.Store
	// StoreLimit bounds a store that the protocol makes for itself: see
	// backend.Config.
	StoreLimit int64
	// Password, if it is not empty, is what clients must give with AUTH or HELLO before
	// any other command.
	Password string
}

// Protocol is Redis's protocol over a store. It implements session.Protocol, and
// session's optional interfaces.
type Protocol struct {
	*backend.Backend

	password   [sha256.Size]byte // its hash, so that all comparisons take the same time
	locked     bool              // there is a password
	store      store.Store
	fit        fitter
	prefetcher store.Prefetcher // nil: the store does not prefetch
	batcher    store.Batcher    // nil: the store is none
	updater    store.Updater    // nil: the store is none
	lastID     atomic.Int64     // of a connection
	calls      sync.Pool        // of *call
	scans      scans
}

var (
	_ session.Protocol   = (*Protocol)(nil)
	_ session.Starter    = (*Protocol)(nil)
	_ session.Prefetcher = (*Protocol)(nil)
)

// New returns the protocol, for one server. Several servers may share it if its
// configuration has a store.
func New(cfg Config) *Protocol {
	p := &Protocol{
		Backend:  backend.New(backend.Config{Store: cfg.Store, Limit: cfg.StoreLimit}),
		password: sha256.Sum256([]byte(cfg.Password)),
		locked:   cfg.Password != "",
	}
	p.calls.New = func() any { return newCall() }
	return p
}

// Start implements session.Starter.
func (p *Protocol) Start(env session.Env) error {
	s, err := p.Backend.Start(env)
	if err != nil {
		return err
	}
	p.store, p.fit = s, growing{s}
	p.prefetcher, _ = s.(store.Prefetcher)
	if fit, ok := s.(store.Fitter); ok && fit.Itself() == s {
		p.fit = fit
	}
	if batcher, ok := s.(store.Batcher); ok && batcher.Itself() == s {
		p.batcher = batcher
	}
	if updater, ok := s.(store.Updater); ok && updater.Itself() == s {
		p.updater = updater
	}
	return nil
}

// RequiresPassword reports whether clients must give a password.
func (p *Protocol) RequiresPassword() bool { return p.locked }

// Open implements session.Protocol.
func (p *Protocol) Open() session.Handler {
	return &conn{p: p, id: p.lastID.Add(1), version: 2, trusted: !p.locked, digits: 1}
}

// Hash implements session.Prefetcher. It recognizes a GET.
func (p *Protocol) Hash(in []byte, max int) (hash uint64, ok bool) {
	if p.prefetcher == nil || len(in) == 0 || in[0] != '*' {
		return 0, false
	}
	var r request
	if size, err := r.parse(in, &progress{}, max, true); err != nil || size != len(in) || !r.isGet() {
		return 0, false
	}
	return p.prefetcher.Hash(r.args[1]), true
}

// Prefetch implements session.Prefetcher.
func (p *Protocol) Prefetch(hashes [session.PrefetchBatch]uint64, n int) {
	p.prefetcher.Prefetch(hashes, n)
}

// fitter is the method of store.Fitter that the commands need.
type fitter interface {
	AppendFit(dst, key []byte) (out []byte, found bool, need int, err error)
}

// growing adapts a store that is no store.Fitter: a value may make dst grow, as append
// does.
type growing struct{ store.Store }

func (g growing) AppendFit(dst, key []byte) (out []byte, found bool, need int, err error) {
	out, found, err = g.Append(dst, key)
	return append(out, make([]byte, aroundBulk)...)[:len(out)], found, 0, err
}
