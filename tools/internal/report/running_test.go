package report

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// The page about servers that ran already says nothing of cores and programs that the lab
// did not give them.
func TestServersThatRanAlready(t *testing.T) {
	r := labtest.Sample(t)
	for _, s := range r.Servers {
		s.Addr, s.Foreign, s.Command, s.Rules, s.DNF, s.Unavailable = "10.0.0.5:7070", true, []string{}, nil, "", ""
	}
	for _, cells := range [][]results.Cell{r.Runs, r.Open} {
		for i := range cells {
			cells[i].Resources, cells[i].Others = nil, nil
		}
	}
	r.Again, r.Idle, r.Syscalls, r.StallCheck = nil, nil, nil, nil
	r.Plan.Parts = []results.Part{results.Closed, results.OpenLoop}
	r.NotMeasured = []string{"CPU time, because the servers ran already"}
	require.NoError(t, r.Summarize())
	dir := t.TempDir()
	_, err := Write(dir, r)
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(dir, FileName))
	require.NoError(t, err)
	page := string(text)
	assert.NotContains(t, page, "server on cpu")
	assert.NotContains(t, page, "in the servers")
	assert.NotContains(t, page, "at rest")
	assert.Contains(t, page, "it ran already, at 10.0.0.5:7070")
	assert.Contains(t, page, "load from Linux")
	for _, unknown := range []string{`id="cost"`, `id="idle"`, `id="models"`, `href="#cost"`, `href="#idle"`, `href="#models"`, "n/a", "--only profile", "--only stall-check", "A/A"} {
		assert.NotContains(t, page, unknown)
	}
	assert.Contains(t, page, `id="waiting"`)
	assert.Contains(t, page, "CPU time, because the servers ran already")
}
