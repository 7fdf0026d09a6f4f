package multiblocking_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

// The weakness of a pool: a client for which no worker is left waits until
// another one's TurnLimit is over, although that other client is silent.
func TestAPoolLetsItsSurplusWait(t *testing.T) {
	cfg := multiblocking.Config{Workers: 2}
	cfg.TurnLimit = 50 * time.Millisecond
	srv := multiblocking.New(cfg)
	addr := servertest.Serve(t, srv)

	for range cfg.Workers {
		ctx, silent := servertest.Dial(t, addr)
		require.NoError(t, silent.Put(ctx, "k", "v")) // it has a worker now
	}
	ctx, surplus := servertest.Dial(t, addr)
	require.NoError(t, surplus.Put(ctx, "k", "v"))
	assert.Positive(t, srv.Stats().Closed[server.ClosedTurn.String()], "it was served before another had to go")
}

// A goroutine for each client does not have this weakness.
func TestSilentClientsKeepNobodyWaiting(t *testing.T) {
	for _, cfg := range []multiblocking.Config{{}, {OSThreads: true}} {
		srv := multiblocking.New(cfg)
		addr := servertest.Serve(t, srv)
		for range 50 {
			ctx, silent := servertest.Dial(t, addr)
			require.NoError(t, silent.Put(ctx, "k", "v"))
		}
		ctx, next := servertest.Dial(t, addr)
		require.NoError(t, next.Put(ctx, "k", "v"))
		assert.EqualValues(t, 51, srv.Stats().Active)
	}
}
