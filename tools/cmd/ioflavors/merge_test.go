package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// writePart writes the output of load --json for a result of ten seconds, whose n requests
// took a time each.
func writePart(t *testing.T, name string, n int64, each time.Duration, change func(*loadReport)) string {
	t.Helper()
	h := load.NewHistogram()
	require.NoError(t, h.RecordValues(each.Nanoseconds(), n))
	times, err := load.Summarize(h)
	require.NoError(t, err)
	w := load.DefaultWorkload()
	w.Connections, w.Rate = 5, float64(n)/10
	began := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	report := newLoadReport(load.Result{
		Workload: w, Seconds: 10, Window: &load.Window{Began: began, Ended: began.Add(10 * time.Second)},
		Offered: n, Requests: n, Rate: w.Rate, Response: times, Service: times, Served: 5, Fairness: 1,
		InFlight: w.Rate * each.Seconds(),
	})
	seed := uint64(n)
	report.Seed = &seed
	if change != nil {
		change(&report)
	}
	text, err := json.Marshal(report)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, append(text, '\n'), 0o600))
	return file
}

func later(d time.Duration) func(*loadReport) {
	return func(r *loadReport) {
		r.Result.Window.Began, r.Result.Window.Ended = r.Result.Window.Began.Add(d), r.Result.Window.Ended.Add(d)
	}
}

// The text has what load's has, and a line for each part.
func TestMerge(t *testing.T) {
	a, b := writePart(t, "a.json", 20_000, time.Millisecond, nil), writePart(t, "b.json", 10_000, 2*time.Millisecond, later(1500*time.Microsecond))
	hdr := filepath.Join(t.TempDir(), "hdr")
	code, stdout, stderr := ioflavors(t, "merge", a, b, "--hdr", hdr)
	require.Zero(t, code, stderr)
	for _, want := range []string{
		"open loop, 3000 requests/s due (poisson) · 10 connections × 1 in flight · 10.0 s\n",
		"\nrequests/s  3000\n", "\nerrors      0\n", "\nserved      10 of 10 connections\n",
	} {
		assert.Contains(t, stdout, want)
	}
	assert.Regexp(t, `(?m)^`+a+` +2000 +1000\.4 +0 +0\.000 ms +10\.0 s$`, stdout)
	assert.Regexp(t, `(?m)^`+b+` +1000 +2000\.9 +0 +1\.500 ms +10\.0 s$`, stdout)
	assert.Regexp(t, `(?m)^response time +1000\.4 +2000\.9 +2000\.9 +2000\.9 `, stdout)
	assert.NotContains(t, stdout, "Note")
	text, err := os.ReadFile(hdr)
	require.NoError(t, err)
	assert.Contains(t, string(text), "Percentile")

	code, stdout, stderr = ioflavors(t, "merge", a, b, "--json")
	require.Zero(t, code, stderr)
	var report loadReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &report))
	assert.InDelta(t, 3000, report.RequestsPerSecond, 1e-9)
	assert.InEpsilon(t, 2000, report.P99, 0.001)
	assert.True(t, report.Valid)
	require.Len(t, report.Parts, 2)
	assert.Equal(t, []string{a, b}, []string{report.Parts[0].File, report.Parts[1].File})
	assert.InDelta(t, 1500, report.Parts[1].Offset, 1e-9)

	merged := filepath.Join(t.TempDir(), "merged.json")
	require.NoError(t, os.WriteFile(merged, []byte(stdout), 0o600))
	code, _, stderr = ioflavors(t, "merge", merged, a)
	assert.Equal(t, 1, code)
	assert.Contains(t, stderr, "merged.json: it was merged already")
}

// The exit codes are load's: a void part, or parts at other times, void the whole; errors
// are errors.
func TestMergeJudges(t *testing.T) {
	a := writePart(t, "a.json", 20_000, time.Millisecond, nil)
	for name, c := range map[string]struct {
		change     func(*loadReport)
		code       int
		says, errs string
	}{
		"void.json":   {func(r *loadReport) { r.Result.Void = []string{"the generator was late"} }, 3, "void.json: the generator was late.", "the run is void"},
		"apart.json":  {later(time.Hour), 3, "VOID: the measurements have 0s of 10s in common", "the run is void"},
		"errors.json": {func(r *loadReport) { r.Result.Errors = load.Errors{Wrong: 3, First: "a wrong reply"} }, 1, "errors      3\n", "errors.json: a wrong reply"},
		"resp.json":   {func(r *loadReport) { r.Result.Workload.Protocol = load.RESP }, 2, "", "are not parts of one load: protocol kv, and protocol resp"},
	} {
		code, stdout, stderr := ioflavors(t, "merge", a, writePart(t, name, 10_000, time.Millisecond, c.change))
		assert.Equal(t, c.code, code, name)
		assert.Contains(t, stdout, c.says, name)
		assert.Contains(t, stderr, c.errs, name)
	}
	code, stdout, stderr := ioflavors(t, "merge", a, writePart(t, "void.json", 10_000, time.Millisecond, func(r *loadReport) { r.Result.Void = []string{"it"} }))
	assert.Equal(t, 3, code, stderr)
	assert.Regexp(t, `(?m)void\.json .* VOID$`, stdout)
}

// Files that cannot be merged have an error of one line.
func TestMergeRefuses(t *testing.T) {
	a := writePart(t, "a.json", 20_000, time.Millisecond, nil)
	same, err := os.ReadFile(a)
	require.NoError(t, err)
	file := func(name, text string) string {
		name = filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		return name
	}
	for _, test := range []struct {
		code int
		args []string
		want string
	}{
		{2, nil, "expected \"<file> ...\""},
		{2, []string{a}, "one file is no merge"},
		{2, []string{a, a}, "are the same run"},
		{2, []string{a, file("copy.json", string(same))}, "copy.json are the same run"},
		{1, []string{a, filepath.Join(t.TempDir(), "none.json")}, "no such file"},
		{1, []string{a, file("empty.json", "")}, "empty.json: not the output of load --json: it is empty; did that load fail?"},
		{1, []string{a, file("text.json", "requests/s 5\n")}, "text.json: not the output of load --json: "},
		{1, []string{a, file("lab.json", `{"schema":5}`)}, "lab.json: not the output of load --json: it has no result"},
		{1, []string{a, file("more.json", string(same)+"{}")}, "more.json: not the output of load --json: "},
		{1, []string{a, t.TempDir()}, "is a directory"},
		{2, []string{a, file("old.json", strings.ReplaceAll(string(same), `"window"`, `"other"`))}, "old.json: it does not say when its measurement was"},
	} {
		code, stdout, stderr := ioflavors(t, append([]string{"merge"}, test.args...)...)
		assert.Equal(t, test.code, code, "%v: %s", test.args, stderr)
		assert.Empty(t, stdout, test.args)
		assert.Contains(t, stderr, test.want)
		assert.Equal(t, 1, strings.Count(stderr, "\n"), stderr)
	}
}

// Loads whose requests are due at the same moments are not one load of the sum of the
// rates.
func TestMergeNoticesRequestsInStep(t *testing.T) {
	seven := func(r *loadReport) { *r.Seed = 7 }
	a, b := writePart(t, "a.json", 20_000, time.Millisecond, seven), writePart(t, "b.json", 10_000, time.Millisecond, seven)
	_, stdout, _ := ioflavors(t, "merge", a, b)
	assert.Contains(t, stdout, "Note: "+a+" and "+b+" had the same --seed")
	_, stdout, stderr := ioflavors(t, "merge", a, b, "--json")
	assert.True(t, json.Valid([]byte(stdout)), stdout)
	assert.Contains(t, stderr, "had the same --seed")
	constant := func(r *loadReport) { r.Result.Workload.Arrivals = load.Constant }
	_, stdout, _ = ioflavors(t, "merge", writePart(t, "a.json", 20_000, time.Millisecond, constant), writePart(t, "b.json", 10_000, time.Millisecond, constant))
	assert.Contains(t, stdout, "Note: with --arrivals constant")
	closed := func(r *loadReport) { *r.Seed, r.Result.Workload.Rate = 7, 0 }
	_, stdout, _ = ioflavors(t, "merge", writePart(t, "a.json", 20_000, time.Millisecond, closed), writePart(t, "b.json", 10_000, time.Millisecond, closed))
	assert.NotContains(t, stdout, "Note")
}

// Once the percentiles replaced the part from which they came.
func TestMergeKeepsItsParts(t *testing.T) {
	a, b := writePart(t, "a.json", 20_000, time.Millisecond, nil), writePart(t, "b.json", 10_000, 2*time.Millisecond, nil)
	before, err := os.ReadFile(b)
	require.NoError(t, err)
	code, _, stderr := ioflavors(t, "merge", a, b, "--hdr", b)
	assert.Equal(t, 2, code)
	assert.Contains(t, stderr, "is one of the results")
	after, err := os.ReadFile(b)
	require.NoError(t, err)
	assert.Equal(t, before, after)
}
