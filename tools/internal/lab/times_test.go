package lab

import (
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/stretchr/testify/require"
)

// times are n of the same length.
func times(t *testing.T, n int64, each time.Duration) load.Times {
	t.Helper()
	h := hdrhistogram.New(1, time.Minute.Nanoseconds(), 3)
	require.NoError(t, h.RecordValues(each.Nanoseconds(), n))
	all, err := load.Summarize(h)
	require.NoError(t, err)
	return all
}
