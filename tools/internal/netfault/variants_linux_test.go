package netfault

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/eventloop"
	"github.com/ioflavors/ioflavors/iouring"
	"github.com/ioflavors/ioflavors/multiblocking"
	"github.com/ioflavors/ioflavors/singleblocking"
)

// variant is a model with its options.
type variant struct {
	name       string
	oneAtATime bool
	create     func(kvserver.Config) kvserver.Server
}

// If the system lacks io_uring, or does not permit it, that model is left out.
var variants = permitted(iouring.Available(), variant{"iouring", false, func(cfg kvserver.Config) kvserver.Server {
	return iouring.New(iouring.Config{Config: cfg})
}}, []variant{
	{"singleblocking", true, func(cfg kvserver.Config) kvserver.Server { return singleblocking.New(cfg) }},
	{"multiblocking", false, func(cfg kvserver.Config) kvserver.Server {
		return multiblocking.New(multiblocking.Config{Config: cfg})
	}},
	{"multiblocking --workers 64", false, func(cfg kvserver.Config) kvserver.Server {
		return multiblocking.New(multiblocking.Config{Config: cfg, Workers: 64})
	}},
	{"multiblocking --os-threads", false, func(cfg kvserver.Config) kvserver.Server {
		return multiblocking.New(multiblocking.Config{Config: cfg, OSThreads: true})
	}},
	{"busywait", false, func(cfg kvserver.Config) kvserver.Server { return busywait.New(busywait.Config{Config: cfg}) }},
	{"busywait --one-at-a-time", true, func(cfg kvserver.Config) kvserver.Server {
		return busywait.New(busywait.Config{Config: cfg, OneAtATime: true})
	}},
	{"eventloop", false, func(cfg kvserver.Config) kvserver.Server { return eventloop.New(eventloop.Config{Config: cfg}) }},
	{"eventloop --loops 2", false, func(cfg kvserver.Config) kvserver.Server {
		return eventloop.New(eventloop.Config{Config: cfg, Loops: 2})
	}},
})

func permitted(why error, v variant, others []variant) []variant {
	if why != nil {
		return others
	}
	return append(others, v)
}

// The skip message tells which model is left out.
func TestEveryModelIsTried(t *testing.T) {
	if err := iouring.Available(); err != nil {
		t.Skip("not iouring: ", err)
	}
}

// patience ends a failing test. It is long, because lost packets are
// retransmitted after ever longer times.
const patience = 5 * time.Minute

// server is a variant that serves.
type server struct {
	kvserver.Server
	addr string
}

// start serves until the test ends, and returns after it has served a first
// client. No limit of the server ends a connection, only the network.
func (v variant) start(t *testing.T, addr string, st store.Store) *server {
	t.Helper()
	ln, err := net.Listen("tcp4", addr)
	require.NoError(t, err)
	srv := v.serve(t, ln, st)
	conn, err := net.Dial("tcp4", srv.addr)
	require.NoError(t, err)
	defer conn.Close()
	exchange(t, conn, probe.Put("first", ""), probe.Stored)
	return srv
}

func (v variant) serve(t *testing.T, ln net.Listener, st store.Store) *server {
	t.Helper()
	srv := v.create(kvserver.Config{
		Store:  st,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
		Limits: kvserver.Limits{IdleTimeout: -1, FrameTimeout: -1, WriteTimeout: -1, TurnLimit: -1},
	})
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	t.Cleanup(func() {
		assert.NoError(t, srv.Close())
		assert.ErrorIs(t, <-ended, kvserver.ErrServerClosed)
	})
	return &server{srv, ln.Addr().String()}
}

// settle waits until every connection is closed, and checks the counters.
func (s *server) settle(ctx context.Context, t *testing.T) kvserver.Stats {
	t.Helper()
	for {
		st := s.Stats()
		if st.Active == 0 {
			var closed int64
			for _, n := range st.Closed {
				closed += n
			}
			require.Equal(t, st.Accepted, closed, "%+v", st)
			return st
		}
		select {
		case <-ctx.Done():
			t.Fatalf("clients that are gone are still there: %+v", st)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// exchange sends a request, and expects its reply.
func exchange(t *testing.T, conn net.Conn, request []byte, reply probe.Message) {
	t.Helper()
	_, err := conn.Write(request)
	require.NoError(t, err)
	want := probe.Frame(probe.Body(reply))
	got := make([]byte, len(want))
	_, err = io.ReadFull(conn, got)
	require.NoError(t, err)
	require.Equal(t, want, got)
}
