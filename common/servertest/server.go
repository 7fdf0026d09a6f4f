package servertest

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
)

// Only failing tests reach these limits, however busy the machine is.
const (
	patience = time.Minute     // for one event
	whole    = 5 * time.Minute // for all the events of a test with one server
)

// testServer is a server under test. Its counters are checked when the test
// ends.
type testServer struct {
	server.Server
	t        *testing.T
	ctx      context.Context
	addr     string
	protocol dialogue.Protocol
	served   chan error // Serve's result
}

// start serves on 127.0.0.1. When the test ends, the server is closed, and
// nothing of it may remain.
func start(t *testing.T, target Target, cfg server.Config) *testServer {
	t.Helper()
	return startOn(t, target, cfg, "127.0.0.1:0")
}

func startOn(t *testing.T, target Target, cfg server.Config, addr string) *testServer {
	t.Helper()
	goroutines := goleak.IgnoreCurrent()
	ln, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), whole)
	srv := &testServer{
		Server: newServer(t, target, cfg), t: t, ctx: ctx, addr: ln.Addr().String(), protocol: target.serves(), served: make(chan error, 1),
	}
	go func() { srv.served <- srv.Serve(ln) }()

	// Cleanups run in reverse, so the test's connections are closed before.
	t.Cleanup(func() {
		defer cancel()
		srv.settle()
		assert.NoError(t, srv.Close())
		srv.wantServed()
		assert.Zero(t, srv.books().BufferBytes, "bytes of buffers that were not given back")
		assert.NoError(t, goleak.Find(goroutines))
	})
	return srv
}

// newServer makes a server that logs to the test and serves the target's protocol,
// unless cfg has a logger or a protocol.
func newServer(t *testing.T, target Target, cfg server.Config) server.Server {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	if cfg.Protocol == nil {
		cfg.Protocol = target.serves().New()
	}
	return target.New(cfg)
}

// settle waits until every connection is closed, after all clients have
// left.
func (s *testServer) settle() {
	s.t.Helper()
	s.eventually("no connection is active", func(st server.Stats) bool { return st.Active == 0 })
}

// wantServed expects that Serve has ended correctly. It may be called more
// than once.
func (s *testServer) wantServed() {
	s.t.Helper()
	select {
	case err := <-s.served:
		assert.ErrorIs(s.t, err, server.ErrServerClosed, "the error that Serve returned")
		s.served <- err
	case <-time.After(patience):
		s.t.Fatalf("Serve has not returned; %+v", s.Stats())
	}
}

// books returns the counters, which must add up at any time.
func (s *testServer) books() server.Stats {
	s.t.Helper()
	st := s.Stats()
	var closed int64
	for _, n := range st.Closed {
		closed += n
	}
	require.Equal(s.t, st.Accepted, st.Active+closed, "accepted = active + closed by reason: %+v", st)
	require.GreaterOrEqual(s.t, st.Active, int64(0), "%+v", st)
	return st
}

// eventually waits until ok accepts the counters.
func (s *testServer) eventually(what string, ok func(server.Stats) bool) {
	s.t.Helper()
	for end := time.Now().Add(patience); !ok(s.books()); pause() {
		if time.Now().After(end) {
			s.t.Fatalf("expected that %s; got %+v", what, s.Stats())
		}
	}
}

// wantClosed waits until n connections have been closed for the reason.
func (s *testServer) wantClosed(reason server.Reason, n int64) {
	s.t.Helper()
	s.eventually("connections are closed for the reason "+reason.String(), func(st server.Stats) bool {
		return st.Closed[reason.String()] >= n
	})
	require.Equal(s.t, n, s.Stats().Closed[reason.String()], "connections closed for the reason %v", reason)
}

// pause lets other goroutines run between two checks.
func pause() { time.Sleep(time.Millisecond) }

// client is a connection that speaks the protocol of its server. Its methods Put and
// Get make requests, which ask sends.
type client struct {
	*probe.Conn
	dialogue.Talk
}

// connect returns a client of the server, which is closed when t ends.
func (s *testServer) connect(t probe.T) *client {
	return &client{probe.Dial(s.ctx, t, s.addr), s.protocol.Open()}
}

// dial returns a client that is closed when the test ends.
func (s *testServer) dial() *client { return s.connect(s.t) }

// ask sends requests in one write, and expects their replies.
func (c *client) ask(all ...exchanges.Exchange) {
	var requests [][]byte
	for _, e := range all {
		requests = append(requests, e.Request)
	}
	c.Send(requests...)
	for _, e := range all {
		c.WantBytes(e.Reply)
	}
}

// talk expects the client's requests to be answered.
func (c *client) talk(key string) {
	c.ask(c.Put(key, "value-of-"+key), c.Get(key, "value-of-"+key))
}

// dialFrom returns a connection from one of this machine's addresses.
func (s *testServer) dialFrom(ip string) net.Conn {
	s.t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}
	c, err := d.DialContext(s.ctx, "tcp", s.addr)
	require.NoError(s.t, err)
	deadline, _ := s.ctx.Deadline()
	require.NoError(s.t, c.SetDeadline(deadline))
	return c
}

// visit is a client that connects, is served and leaves.
func (s *testServer) visit(key string) {
	c := s.dial()
	c.talk(key)
	c.Close()
}

// occupy returns as many clients as the target serves at once, or two. All of
// them have been served and stay.
func (s *testServer) occupy(target Target) []*client {
	n := target.Clients
	if n == 0 {
		n = 2
	}
	clients := make([]*client, n)
	for i := range clients {
		clients[i] = s.dial()
		clients[i].talk("occupied")
	}
	return clients
}
