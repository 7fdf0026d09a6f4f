//go:build unix

package lab

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/term"
)

// With a clock that advances a second at each reading, every step is drawn.
func TestRunOnATerminal(t *testing.T) {
	s := &labtest.Screen{T: t, Columns: 100, Rows: 24}
	var all strings.Builder
	cfg := testConfig(t, "right")
	cfg.Parts, cfg.Cell = []results.Part{results.Closed, results.OpenLoop}, bench.MinCell
	cfg.Progress = term.NewLiveProgress(io.MultiWriter(s, &all), s.Size)
	now := time.Unix(1e9, 0)
	cfg.Progress.Now = func() time.Time {
		now = now.Add(time.Second)
		return now
	}
	_, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	for _, line := range []string{
		"the pauses of this machine", "right · check", "right · store the keys · round 1 of 1", "right · 50 conns · round 1 of 1",
		"right · 50 × 16 · again · round 1 of 1", "right · 10,000/s · round 1 of 1",
	} {
		assert.Contains(t, all.String(), " left  "+line)
	}
	assert.Empty(t, s.Text(), "the report has the screen for itself")
}
