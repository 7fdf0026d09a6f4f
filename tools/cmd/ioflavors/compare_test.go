package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/compare"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// runOf writes a run of a server that takes that many ns of CPU time a request, give or
// take 1 %, and returns its folder.
func runOf(t *testing.T, nanos int) string {
	t.Helper()
	r := &results.Results{
		Schema: results.Schema, Complete: true,
		Plan:    results.Plan{Rounds: 6, Workloads: []load.Workload{load.DefaultWorkload()}},
		Servers: []*results.Server{{Target: results.Target{Name: "mine"}}},
	}
	for round := range 6 {
		r.Runs = append(r.Runs, results.Cell{
			Server: "mine", Round: round + 1, Load: load.Result{Workload: load.DefaultWorkload(), Seconds: 1, Requests: 1_000_000, Rate: 1_000_000},
			Resources: &results.Resources{Window: time.Second, CPU: time.Duration(nanos*1_000_000 + round*nanos*2000)},
		})
	}
	require.NoError(t, r.Summarize())
	dir := t.TempDir()
	_, err := r.Write(dir)
	require.NoError(t, err)
	return dir
}

func TestCompareFails(t *testing.T) {
	a, b := runOf(t, 1000), runOf(t, 1200)
	empty := filepath.Join(t.TempDir(), results.FileName)
	require.NoError(t, os.WriteFile(empty, fmt.Appendf(nil, `{"schema": %d}`, results.Schema), 0o666))
	for _, test := range []struct {
		args []string
		code int
		said string
	}{
		{[]string{a, b}, 0, ""},
		{[]string{a, filepath.Join(b, results.FileName)}, 0, ""},
		{[]string{a, b, "--fail-above", "30%"}, 0, ""},
		{[]string{a, b, "--fail-above", "0.3"}, 0, ""},
		{[]string{a, b, "--fail-above", "10%"}, 1, "ioflavors: worse by more than 10 %: mine: CPU a request, 1 conn +20.0 %\n"},
		{[]string{a, b, "--fail-above=0.1", "--json"}, 1, "+20.0 %"},
		{[]string{b, a, "--fail-above", "0"}, 0, ""}, // better
		{[]string{a, a, "--fail-above", "0%"}, 0, ""},
		{[]string{a, a, "--fail-above", "0.1%"}, 0, "but in 1 of 1 figures the noise could hide such a change"},
		{[]string{a, b, "--fail-above", "10"}, 2, "10 is 1000 %: say 10% or 0.1"}, // once it never failed
		{[]string{a, empty}, 1, "the runs have no figure in common: "},
	} {
		code, _, stderr := ioflavors(t, append([]string{"compare"}, test.args...)...)
		assert.Equal(t, test.code, code, "%v: %s", test.args, stderr)
		assert.Contains(t, stderr, test.said)
	}
}

func TestComparePrints(t *testing.T) {
	a, b := runOf(t, 1000), runOf(t, 1200)
	_, out, _ := ioflavors(t, "compare", a, b)
	assert.Regexp(t, `(?m)^mine +CPU a request, 1 conn +1\.0\d µs +1\.2\d µs +\+20\.0 % .* worse$`, out)
	_, out, _ = ioflavors(t, "compare", a, a)
	assert.NotContains(t, out, "MODEL")
	_, out, _ = ioflavors(t, "compare", a, a, "--verbose")
	assert.Contains(t, out, "equal\n")

	_, out, _ = ioflavors(t, "compare", a, b, "--json")
	var c compare.Comparison
	require.NoError(t, json.Unmarshal([]byte(out), &c))
	require.Len(t, c.Figures, 1)
	assert.Equal(t, compare.Worse, c.Figures[0].Verdict)
	assert.InDelta(t, 0.2, *c.Figures[0].Change, 1e-6)
	assert.Equal(t, filepath.Join(a, results.FileName), c.A.File)
}
