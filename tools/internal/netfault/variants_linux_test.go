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

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/store"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// variant is one of our models, in one of its ways to wait.
type variant struct {
	models.Variant
	name string
}

// variants are the variants that this system can run.
var variants = func() (all []variant) {
	for _, v := range models.Variants() {
		if v.Available == nil || v.Available() == nil {
			all = append(all, variant{v, v.Name()})
		}
	}
	return all
}()

// Every variant serves a client with the configuration of these tests. The skip
// message tells which model this system cannot run.
func TestEveryModelIsTried(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) { v.start(t, "127.0.0.1:0", nil) })
	}
	for _, c := range models.Commands() {
		if c.Available == nil {
			continue
		}
		if err := c.Available(); err != nil {
			t.Run(c.Model, func(t *testing.T) { t.Skip(err) })
		}
	}
}

// patience ends a failing test. It is long, because lost packets are
// retransmitted after ever longer times.
const patience = 5 * time.Minute

// serving is a variant that serves.
type serving struct {
	server.Server
	addr string
}

// start serves until the test ends, and returns after it has served a first
// client. No limit of the server ends a connection, only the network.
func (v variant) start(t *testing.T, addr string, st store.Store) *serving {
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

func (v variant) serve(t *testing.T, ln net.Listener, st store.Store) *serving {
	t.Helper()
	srv, err := v.New(server.Config{
		Protocol: kv.New(kv.Config{Store: st}),
		Logger:   slog.New(slog.NewTextHandler(t.Output(), nil)),
		Limits:   server.Limits{IdleTimeout: -1, FrameTimeout: -1, WriteTimeout: -1, TurnLimit: -1},
	}, v.Args...)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	t.Cleanup(func() {
		assert.NoError(t, srv.Close())
		assert.ErrorIs(t, <-ended, server.ErrServerClosed)
	})
	return &serving{srv, ln.Addr().String()}
}

// settle waits until every connection is closed, and checks the counters.
func (s *serving) settle(ctx context.Context, t *testing.T) server.Stats {
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
