package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// A server that this system cannot run is on the page with the reason, and in
// each picture that has a place for all servers.
func TestUnavailableServersAreNamed(t *testing.T) {
	const why = "no io_uring: <refused>"
	r := reporttest.Sample(t)
	assert.NotContains(t, strings.ToLower(written(t, r)[FileName]), "not available")
	r.Servers = append(r.Servers, &results.Server{Target: results.Target{Name: "absentee"}, Unavailable: why})
	r.Claims[0].Findings = append(r.Claims[0].Findings, results.Finding{Server: "absentee", Verdict: results.NotAvailable, Why: why, Predicted: results.Refuted})
	files := written(t, r)
	page := files[FileName]
	assert.Contains(t, page, "absentee is NOT AVAILABLE here: no io_uring: &lt;refused&gt;")
	assert.Contains(t, page, `<h3>absentee</h3>

<p class="soft">NOT AVAILABLE here: no io_uring`)
	assert.Contains(t, page, "<li>absentee: no io_uring: &lt;refused&gt;</li>")
	assert.NotContains(t, page, `alarm">absentee`)
	for _, name := range []string{"marks.svg", "cost-1.svg", "rate.svg", "open-spectrum.svg", "idle-cpu.svg", "idle-memory.svg", "syscalls-1.svg", "capacity.svg"} {
		assert.Contains(t, files[name], "not available", name)
	}
	for name, text := range files {
		assert.NotRegexp(t, regexp.MustCompile(`absentee</text>\s*<text[^>]*>not (measured|counted)`), text, name)
	}

	c := claimOf(t, r, "E2")
	row := c.Findings[len(c.Findings)-1]
	require.Equal(t, "absentee", row.Server)
	assert.Equal(t, "not available", row.Answer)
	assert.Equal(t, format.Absent, row.Value)
	assert.Equal(t, why, row.Why)
	assert.False(t, row.Surprising)
	assert.NotContains(t, files["strip-e2.svg"], "absentee", "there is no number to draw")
}
