package proctest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// guest is a client that sends one request as soon as it connects, and
// stays.
type guest struct {
	*probe.Conn
	served bool
	reason string // the reason in words, if the refusal gave one
}

// await returns the guest when it is known whether the guest is served.
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

// guest connects a guest to the server.
func (s *testServer) guest() guest {
	s.t.Helper()
	c := s.dial()
	_, _ = c.Write(probe.Put("guest", "x")) // fails if the guest is already refused
	return guest{Conn: c}
}

// crowd connects n guests. The channel receives each guest when it is known
// whether the guest is served, in that order.
func (s *testServer) crowd(n int) <-chan guest {
	s.t.Helper()
	decided := make(chan guest, n)
	for range n {
		g := s.guest()
		go func() { decided <- g.await() }()
	}
	return decided
}

// remain expects that the served guests are still served.
func remain(t *testing.T, guests []guest) {
	t.Helper()
	for _, g := range guests {
		require.True(t, g.served)
		talk(g.Conn, "k")
	}
}
