//go:build unix

package lab

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/report"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// Servers in any protocol get every part but the claims. A server that answers wrongly
// is not measured, and the lab says which line of the file it is.
func TestRunWithExchanges(t *testing.T) {
	cfg := testConfig(t, "lines", "lines-wrong")
	talk := labtest.Talk(t)
	cfg.Targets = models.Of(talk, cfg.Targets)
	mix := load.DefaultWorkload().Of(talk)
	cfg.Mix = &mix
	cfg.Parts = []results.Part{results.Stall, results.Closed, results.OpenLoop, results.Idle, results.Claims}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Equal(t, []string{"lines-wrong"}, r.Failed())
	assert.Contains(t, r.Server("lines-wrong").DNF, `talk.txt:5: the reply is "error\n", want "A\n"`)
	require.Len(t, r.Runs, 3)
	for _, c := range r.Runs {
		assert.NoError(t, c.Load.Errors.Err())
		assert.Positive(t, c.Load.Served)
	}
	assert.Len(t, r.Open, len(results.OpenRates))
	require.NotNil(t, r.StallCheck)
	assert.NoError(t, r.StallCheck.Open.Errors.Err())
	assert.NotEmpty(t, r.Idle)
	assert.Empty(t, r.Claims)
	assert.Nil(t, r.Server("lines").Rules)

	var out bytes.Buffer
	require.NoError(t, text.Report(r, &out, text.Style{}, 200))
	said := strings.Join(strings.Fields(out.String()), " ")
	assert.Contains(t, said, "2 exchanges of talk.txt (after 1 that set up each connection)")
	assert.Contains(t, said, "NOT MEASURED: E0, E1, ")
	assert.Contains(t, said, "lines is not checked against the rules")

	// What is written can be read, and its page be made again.
	name, err := r.Write(t.TempDir())
	require.NoError(t, err)
	again, err := results.Read(t.Context(), name)
	require.NoError(t, err)
	assert.Equal(t, r.Plan.Workloads[0].Words(), again.Plan.Workloads[0].Words())
	dir := t.TempDir()
	_, err = report.Write(dir, again)
	require.NoError(t, err)
	page, err := os.ReadFile(dir + "/" + report.FileName)
	require.NoError(t, err)
	assert.Contains(t, string(page), "2 exchanges of talk.txt")
}

// Claims whose test is in this project's protocol are left out, and the ones that the
// other parts decide stay, if the models serve another protocol.
func TestClaimsOfAnotherProtocol(t *testing.T) {
	resp := results.Target{Name: "eventloop", Protocol: load.RESP, Command: []string{"x"}}
	cfg := Config{Targets: []results.Target{resp}, Rounds: 1, Cell: 200e6}
	p, err := newPlan(cfg)
	require.NoError(t, err)
	assert.NotContains(t, p.Experiments, "E2")
	assert.Contains(t, p.Experiments, "E4")
	assert.Contains(t, leftOut(p, cfg.Targets), "E2")
	assert.NotContains(t, leftOut(p, cfg.Targets), "E4")

	cfg.Targets[0].Foreign = true
	p, err = newPlan(cfg)
	require.NoError(t, err)
	assert.Empty(t, p.Experiments)
	assert.Contains(t, leftOut(p, cfg.Targets), "E4")

	cfg.Targets = append(cfg.Targets, results.Target{Name: "mine", Foreign: true, Command: []string{"x"}})
	p, err = newPlan(cfg)
	require.NoError(t, err)
	assert.Contains(t, p.Experiments, "E2", "one server speaks it")
	assert.Empty(t, leftOut(p, cfg.Targets))

	cfg.Targets, cfg.Experiments = cfg.Targets[:1], []string{"E2"}
	_, err = newPlan(cfg)
	assert.ErrorContains(t, err, "E2: ")
}
