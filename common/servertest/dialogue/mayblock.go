package dialogue

import (
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// MayBlock returns a protocol that is served as p is, and whose handlers say may(in) of
// their requests (session.Blocker).
func MayBlock(p session.Protocol, may func(in []byte) bool) session.Protocol {
	b := blocking{p, may}
	if prefetcher, ok := p.(session.Prefetcher); ok {
		return struct {
			blocking
			session.Prefetcher
		}{b, prefetcher}
	}
	return b
}

type blocking struct {
	session.Protocol
	may func(in []byte) bool
}

func (b blocking) Open() session.Handler { return blocker{b.Protocol.Open(), b.may} }

// Start implements session.Starter.
func (b blocking) Start(env session.Env) error {
	if s, ok := b.Protocol.(session.Starter); ok {
		return s.Start(env)
	}
	return nil
}

// StoreStats returns the counters of the protocol's store.
func (b blocking) StoreStats() (s store.Stats) {
	if p, ok := b.Protocol.(interface{ StoreStats() store.Stats }); ok {
		s = p.StoreStats()
	}
	return s
}

type blocker struct {
	session.Handler
	may func(in []byte) bool
}

func (b blocker) MayBlock(in []byte, _ int) bool { return b.may(in) }
