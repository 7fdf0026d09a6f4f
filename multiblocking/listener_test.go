package multiblocking_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

// If the listener fails, Serve closes the connected clients, and returns only when
// no goroutine of the server runs any more.
func TestAListenerThatFailsEndsTheServer(t *testing.T) {
	for _, cfg := range []multiblocking.Config{{}, {Workers: 1}, {OSThreads: true}} {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		srv := multiblocking.New(cfg)
		ended := make(chan error, 1)
		go func() { ended <- srv.Serve(ln) }()
		ctx, c := servertest.Dial(t, ln.Addr().String())
		require.NoError(t, c.Put(ctx, "k", "v"))

		require.NoError(t, ln.Close()) // behind the server's back
		err = <-ended
		assert.ErrorIs(t, err, net.ErrClosed)
		assert.NotErrorIs(t, err, server.ErrServerClosed)
		assert.Zero(t, srv.Stats().Active)
		assert.Error(t, c.Put(ctx, "k", "v"))
	}
}
