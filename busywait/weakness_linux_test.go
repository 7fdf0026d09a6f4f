package busywait_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/busywait"
	"github.com/ioflavors/ioflavors/common/servertest"
)

// reads returns how many read system calls this process has made.
func reads(t *testing.T) (n int64) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/io")
	require.NoError(t, err)
	var rchar, wchar int64
	_, err = fmt.Sscanf(string(text), "rchar: %d\nwchar: %d\nsyscr: %d", &rchar, &wchar, &n)
	require.NoError(t, err)
	return n
}

// The model's weakness: it polls a silent client again and again.
func TestPollingCostsAClientsShareEvenWhenItIsSilent(t *testing.T) {
	srv := busywait.New(busywait.Config{})
	addr := servertest.Serve(t, srv)
	ctx, silent := servertest.Dial(t, addr)
	require.NoError(t, silent.Put(ctx, "k", "v"))

	before, requests := reads(t), srv.Stats().Requests
	// An event loop or a blocking server would make no reads here. Then only
	// this test's own would be counted: one each time it looks.
	assert.Eventually(t, func() bool { return reads(t) > before+100_000 }, time.Minute, time.Millisecond)
	assert.Equal(t, requests, srv.Stats().Requests)
}
