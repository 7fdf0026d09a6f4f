//go:build unix

package busywait

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
)

// oneRequest is a kernel with one client, which sends one request and then is silent.
type oneRequest struct {
	sock.Kernel
	accepted, sent, closed bool
}

func (k *oneRequest) Listen(net.Listener) (int, error)   { return 1, nil }
func (k *oneRequest) Write(_ int, p []byte) (int, error) { return len(p), nil }
func (k *oneRequest) CloseWrite(int) error               { return nil }

func (k *oneRequest) Accept(int) (int, error) {
	if k.accepted {
		return -1, unix.EAGAIN
	}
	k.accepted = true
	return 2, nil
}

func (k *oneRequest) Read(_ int, p []byte) (int, error) {
	if k.sent {
		return -1, unix.EAGAIN
	}
	k.sent = true
	return copy(p, probe.Put("k", "v")), nil
}

func (k *oneRequest) Close(fd int) error {
	k.closed = k.closed || fd == 2
	return nil
}

// If the server is stopped in the iteration in which it has served a client, the client's
// silence counts from the end of the stop.
func TestAStopIsNoSilenceOfTheClientsThatWereServed(t *testing.T) {
	const idle = time.Minute
	synctest.Test(t, func(t *testing.T) {
		k := new(oneRequest)
		var stopped, closed time.Time
		var srv *Server
		cfg := server.Config{Limits: server.Limits{IdleTimeout: idle}, Logger: slog.New(slog.DiscardHandler)}
		srv = newServer(Config{Config: cfg}, sock.Calls{Kernel: k}, func() {
			switch {
			case k.closed:
				closed = time.Now()
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				_ = srv.Shutdown(ctx)
			case k.sent && stopped.IsZero():
				time.Sleep(2 * idle)
				stopped = time.Now()
			default:
				time.Sleep(idle / 10)
			}
		})
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		assert.Equal(t, server.ErrServerClosed, srv.Serve(ln))
		assert.GreaterOrEqual(t, closed.Sub(stopped), idle)
	})
}
