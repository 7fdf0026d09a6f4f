package multiblocking_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/multiblocking"
)

func threads(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/task")
	require.NoError(t, err)
	return len(entries)
}

// The threads are real: each client adds one, which ends with the client.
func TestEachClientHasAThreadOfTheSystem(t *testing.T) {
	const clients = 40
	srv := multiblocking.New(multiblocking.Config{OSThreads: true})
	addr := servertest.Serve(t, srv)
	before := threads(t)
	for range clients {
		ctx, c := servertest.Dial(t, addr)
		require.NoError(t, c.Put(ctx, "k", "v"))
	}
	// The runtime may have had a few idle threads.
	assert.GreaterOrEqual(t, threads(t), before+clients-5)
	require.NoError(t, srv.Close())
	assert.Eventually(t, func() bool { return threads(t) < before+10 }, eventually, tick)
}
