package proctest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// guest is a client that asks for one thing as soon as it comes, and stays.
type guest struct {
	*probe.Conn
	served bool
	reason string // in words, if it was refused with one
}

// await returns the guest when it knows whether it is served.
func (g guest) await() guest {
	_ = probe.Try(func(t probe.T) {
		switch m := g.For(t).Receive(); {
		case m == probe.Stored:
			g.served = true
		case m.Kind == 0 && m.Status == probe.NotOk:
			g.reason = m.Value
		}
	})
	return g
}

// guest comes to the server.
func (s *server) guest() guest {
	s.t.Helper()
	c := s.dial()
	_, _ = c.Write(probe.Put("guest", "x")) // fails if it is refused already
	return guest{Conn: c}
}

// crowd has n guests come. They come back when they know whether they are
// served, in that order.
func (s *server) crowd(n int) <-chan guest {
	s.t.Helper()
	decided := make(chan guest, n)
	for range n {
		g := s.guest()
		go func() { decided <- g.await() }()
	}
	return decided
}

// remain expects that guests who are served still are.
func remain(t *testing.T, guests []guest) {
	t.Helper()
	for _, g := range guests {
		require.True(t, g.served)
		talk(g.Conn, "k")
	}
}
