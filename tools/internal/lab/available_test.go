//go:build unix

package lab

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/term"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// A server that this system cannot run is started once, and then left out of all parts.
// This holds for our servers and others, whether they find out before or after they
// listen. It is no fault of the server.
func TestRunWithoutThoseThatAreNotAvailable(t *testing.T) {
	const why = "no io_uring: not permitted"
	cfg := testConfig(t, "unavailable", "right", "refuses", "foreign-unavailable")
	cfg.Parts = []results.Part{results.Stall, results.Closed, results.OpenLoop, results.Idle, results.Claims}
	cfg.Experiments = []string{"E1", "E4", "E9"}
	var checked []string
	cfg.check = func(ctx context.Context, addr string, s results.Target) results.Conformance {
		checked = append(checked, s.Name)
		return everythingIsFine(ctx, addr, s)
	}
	var progress bytes.Buffer
	cfg.Progress = term.NewProgress(&progress)
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.True(t, r.Complete)
	assert.Equal(t, []string{"right"}, checked)
	for name, reason := range map[string]string{"unavailable": why, "foreign-unavailable": why, "refuses": "no ring of mine", "right": ""} {
		assert.Equal(t, reason, r.Server(name).Unavailable, name)
		assert.Empty(t, r.Server(name).DNF, name)
	}
	assert.Empty(t, r.Failed(), "the command must succeed")
	assert.Equal(t, "right", r.Plan.Again, "the first available server takes the place of the first planned one")
	for _, c := range r.Runs {
		assert.Equal(t, "right", c.Server)
	}
	assert.NotEmpty(t, r.Again)
	for _, trial := range r.Trials {
		assert.Equal(t, "right", trial.Server)
	}
	assert.Equal(t, 3, strings.Count(progress.String(), "NOT AVAILABLE"), "each is started once")

	findings := claimOf(t, r, "E1").Findings
	i := slices.IndexFunc(findings, func(f results.Finding) bool { return f.Server == "unavailable" })
	require.GreaterOrEqual(t, i, 0)
	f := findings[i]
	assert.Equal(t, results.NotAvailable, f.Verdict)
	assert.Equal(t, why, f.Why)
	assert.Empty(t, f.Trials)
	assert.False(t, f.Surprising())

	var report bytes.Buffer
	require.NoError(t, text.Report(r, &report, text.Style{}, 120))
	assert.Regexp(t, `(?m)^unavailable +– +NOT AVAILABLE$`, report.String())
	assert.Contains(t, report.String(), "NOT AVAILABLE  refuses: no ring of mine. It was started once, and left out.\n")
	for _, f := range claimOf(t, r, "E4").Findings {
		assert.NotEqual(t, results.NotMeasurable, f.Verdict, f.Server)
	}
	assert.NotContains(t, report.String(), "DNF")

	name, err := r.Write(t.TempDir())
	require.NoError(t, err)
	again, err := results.Read(t.Context(), name)
	require.NoError(t, err)
	assert.Equal(t, why, again.Server("unavailable").Unavailable)
}

// If no server is available, that is the result.
func TestRunWithNoServerAvailable(t *testing.T) {
	cfg := testConfig(t, "unavailable")
	cfg.Parts, cfg.Experiments = []results.Part{results.Stall, results.Closed, results.Claims}, []string{"E1"}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Empty(t, r.Failed())
	assert.Empty(t, r.Runs)
	assert.Equal(t, results.NotAvailable, claimOf(t, r, "E1").Verdict)
	var report bytes.Buffer
	require.NoError(t, text.Report(r, &report, text.Style{}, 120))
	assert.Contains(t, report.String(), "NOT AVAILABLE  unavailable: no io_uring: not permitted.")
}

func claimOf(t *testing.T, r *results.Results, id string) results.Claim {
	t.Helper()
	for _, c := range r.Claims {
		if c.Experiment == id {
			return c
		}
	}
	require.Fail(t, "no claim "+id)
	return results.Claim{}
}
