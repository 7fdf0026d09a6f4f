package singleblocking_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
	"github.com/ioflavors/ioflavors/singleblocking"
)

// The model's weakness: while the served client is silent, the server does not
// even accept the next one. The idle timeout bounds it: then the silent client
// is closed.
func TestOneSilentClientKeepsEverybodyWaiting(t *testing.T) {
	srv := singleblocking.New(singleblocking.Config{Limits: server.Limits{IdleTimeout: 50 * time.Millisecond}})
	addr := servertest.Serve(t, srv)

	ctx, silent := servertest.Dial(t, addr)
	require.NoError(t, silent.Put(ctx, "k", "v")) // the server serves it now
	_, second := servertest.Dial(t, addr)
	require.NoError(t, second.Put(ctx, "k", "v"))

	stats := srv.Stats()
	assert.EqualValues(t, 1, stats.Closed[server.ClosedIdle.String()], "the second was served before the first was closed: %+v", stats)
	assert.EqualValues(t, 1, stats.Active)
}
