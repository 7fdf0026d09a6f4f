package servertest

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kvclient"
	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Serve runs srv on a free port until the test or benchmark ends. It is for
// tests of one model's own features. It returns the server's address.
func Serve(tb testing.TB, srv kvserver.Server) (addr string) {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(ln) }()
	tb.Cleanup(func() {
		assert.NoError(tb, srv.Close())
		assert.ErrorIs(tb, <-ended, kvserver.ErrServerClosed)
	})
	return ln.Addr().String()
}

// Dial returns a client of the server, which is closed when the test ends, and
// a context that limits the test's calls.
func Dial(t *testing.T, addr string) (context.Context, *kvclient.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), whole)
	t.Cleanup(cancel)
	c, err := kvclient.Dial(ctx, addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return ctx, c
}
