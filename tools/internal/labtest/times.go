package labtest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Times are n times of the same length.
func Times(t *testing.T, n int64, each time.Duration) load.Times {
	t.Helper()
	h := load.NewHistogram()
	require.NoError(t, h.RecordValues(each.Nanoseconds(), n))
	all, err := load.Summarize(h)
	require.NoError(t, err)
	return all
}
