package kv

import (
	"github.com/ioflavors/ioflavors/common/backend"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

func init() { session.Default = func() session.Protocol { return New(Config{}) } }

// Config is the configuration of a Protocol. The zero value is usable.
type Config struct {
	// Store holds the data. nil: a new one in memory, safe for concurrent use if the
	// server needs that.
	Store store.Store
	// StoreLimit bounds a store that the protocol makes for itself: see
	// backend.Config.
	StoreLimit int64
}

// Protocol is the key/value protocol over a store. All connections share its Handler.
// Its Open, Serve and so on are session's interfaces.
type Protocol struct {
	*backend.Backend
	*Handler
}

var (
	_ session.Protocol   = (*Protocol)(nil)
	_ session.Starter    = (*Protocol)(nil)
	_ session.Prefetcher = (*Protocol)(nil)
)

// New returns the protocol, for one server. Several servers may share it if its
// configuration has a store.
func New(cfg Config) *Protocol {
	return &Protocol{Backend: backend.New(backend.Config{Store: cfg.Store, Limit: cfg.StoreLimit})}
}

// Start implements session.Starter.
func (p *Protocol) Start(env session.Env) error {
	s, err := p.Backend.Start(env)
	if err != nil {
		return err
	}
	p.Handler = NewHandler(s)
	p.Handler.StoreFailed = p.Failed
	return nil
}
