//go:build unix

package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/term"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

func TestMain(m *testing.M) { labtest.Main(m, nil) }

// everythingIsFine is a check that sends nothing.
func everythingIsFine(context.Context, string, results.Target) results.Conformance {
	return results.Conformance{Passed: 2, Total: 2}
}

func testConfig(t *testing.T, modes ...string) Config {
	// Cell is long enough for a reply in each cell, even on a busy machine.
	cfg := Config{Rounds: 1, Cell: 200 * time.Millisecond, Seed: 1, check: everythingIsFine, idle: []int{0, 20, 60}, SLO: time.Second, Parts: []results.Part{results.Closed, results.OpenLoop}}
	for _, mode := range modes {
		cfg.Targets = append(cfg.Targets, labtest.Target(t, mode))
	}
	return cfg
}

func TestRun(t *testing.T) {
	cfg := testConfig(t, "right", "serial", "foreign")
	var progress bytes.Buffer
	cfg.Progress = term.NewProgress(&progress)
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.True(t, r.Complete)
	assert.Empty(t, r.Failed())
	assert.Len(t, r.Runs, 3*3)
	assert.Len(t, r.Again, 3, "of one of them")
	assert.Empty(t, r.Idle, "not asked for")
	assert.Len(t, r.Summary, 3*3)
	assert.Len(t, r.Open, 3*len(results.OpenRates))
	assert.Len(t, r.OpenSummary, 3*len(results.OpenRates))
	assert.NotEmpty(t, r.Servers[0].Binary)
	for _, c := range r.Open {
		want := 50
		if c.Server == "serial" {
			want = 1
		}
		assert.Equal(t, want, c.Load.Workload.Connections)
		assert.Positive(t, c.Load.Offered)
		assert.NoError(t, c.Load.Errors.Err())
	}
	answered := make(map[string]int64)
	for _, run := range r.Runs {
		answered[run.Server] += run.Load.Requests // a busy machine may stand still for a whole cell
		want := r.Plan.Workloads[run.Workload].Connections
		if run.Server == "serial" {
			want = 1
		}
		assert.Equal(t, want, run.Load.Served, "%+v", run)
		assert.NoError(t, run.Load.Errors.Err())
		if run.Load.Requests > 0 && runtime.GOOS == "linux" {
			require.NotNil(t, run.Resources)
			assert.Positive(t, run.Resources.CPU)
			assert.Positive(t, run.Resources.Threads)
			assert.Positive(t, run.Resources.RSS)
		}
	}
	for _, s := range cfg.Targets {
		assert.Positive(t, answered[s.Name], s.Name)
	}
	assert.Contains(t, progress.String(), "round 1 of 1: serial: 1 conn ")

	var report bytes.Buffer
	require.NoError(t, text.Report(r, &report, text.Style{}, 120))
	assert.Contains(t, report.String(), "1/50*")
	dir := t.TempDir()
	name, err := r.Write(dir)
	require.NoError(t, err)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, labtest.FollowsSchema(t, string(text)))
	var again results.Results
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, r.Summary, again.Summary)
	assert.Equal(t, results.Schema, again.Schema)
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, files, 1)
}

// A fault of one server is reported, and does not affect the others.
func TestRunBadServers(t *testing.T) {
	cfg := testConfig(t, "fails", "dies", "wrong", "slips", "right", "unruly")
	cfg.check = func(_ context.Context, _ string, s results.Target) results.Conformance {
		if s.Name == "unruly" {
			return results.Conformance{Passed: 1, Total: 2, Failed: []results.Failure{{Rule: "order", Reason: "it came too late"}}}
		}
		return results.Conformance{Passed: 2, Total: 2}
	}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err, "it is a result")
	assert.True(t, r.Complete)
	assert.Equal(t, []string{"fails", "dies", "wrong", "slips", "unruly"}, r.Failed())
	assert.Contains(t, r.Server("fails").DNF, "exit status 5")
	assert.Contains(t, r.Server("fails").DNF, "no luck today")
	assert.Contains(t, r.Server("dies").DNF, "exit status 4")
	assert.Contains(t, r.Server("dies").DNF, "a get, of all things")
	assert.Contains(t, r.Server("unruly").DNF, "fails 1 of 2 rules; the first: order: it came too late")
	// Their other replies are right, so they have figures, which are marked.
	assert.Positive(t, r.SummaryOf("wrong", 0).Errors)
	assert.Positive(t, r.SummaryOf("slips", 2).Errors)
	assert.Empty(t, r.Server("right").DNF)
	assert.Zero(t, r.SummaryOf("right", 0).Errors)

	var report bytes.Buffer
	require.NoError(t, text.Report(r, &report, text.Style{}, 120))
	assert.Contains(t, report.String(), "DNF: fails order")
	assert.Contains(t, report.String(), "! ")
}

// Every part of the lab speaks the server's protocol. A server of another protocol is not
// checked against the rules of ours.
func TestRunInAnotherProtocol(t *testing.T) {
	cfg := testConfig(t, "resp", "right")
	cfg.SLO, cfg.Parts = time.Second, []results.Part{results.Stall, results.Closed, results.OpenLoop, results.Idle, results.Syscalls}
	cfg.NotMeasured = []string{"peer something: there is none here"}
	var checked []string
	cfg.check = func(ctx context.Context, addr string, s results.Target) results.Conformance {
		checked = append(checked, s.Name)
		return everythingIsFine(ctx, addr, s)
	}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Empty(t, r.Failed())
	assert.Equal(t, []string{"right"}, checked)
	assert.Nil(t, r.Server("resp").Rules)
	for _, c := range slices.Concat(r.Runs, r.Open, r.Again) {
		want := map[string]load.Protocol{"resp": load.RESP, "right": load.KV}[c.Server]
		assert.Equal(t, want, c.Load.Workload.Protocol)
		assert.NoError(t, c.Load.Errors.Err())
	}
	if runtime.GOOS == "linux" {
		require.NotNil(t, r.StallCheck)
		assert.Equal(t, "resp", r.StallCheck.Server)
		assert.Equal(t, 60, r.Idle[2].Connections)
	}

	var report bytes.Buffer
	require.NoError(t, text.Report(r, &report, text.Style{}, 120))
	assert.Contains(t, report.String(), "resp speaks resp.")
	assert.Contains(t, report.String(), "NOT MEASURED: peer something: there is none here.")
}

// The search for capacity, too, speaks the server's protocol.
func TestCapacityInAnotherProtocol(t *testing.T) {
	cfg := testConfig(t, "resp")
	cfg.SLO, cfg.Parts = time.Nanosecond, []results.Part{results.Capacities} // which no server keeps
	cfg.capacity = &capacitySearch{first: 4000, least: 2000, near: 1.05, repeats: 1, requests: 400}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.NotEmpty(t, r.Capacity)
	for _, try := range r.Capacity[0].Tries {
		for _, c := range try.Runs {
			assert.Equal(t, load.RESP, c.Load.Workload.Protocol)
			assert.NoError(t, c.Load.Errors.Err())
		}
	}
}

// Time to check is planned only for servers that are checked.
func TestLength(t *testing.T) {
	ours, other := &results.Server{Target: results.Target{Name: "ours"}}, &results.Server{Target: results.Target{Name: "other", Protocol: load.Memcached}}
	p := results.Plan{Parts: []results.Part{results.Closed}, Rounds: 2, Workloads: results.Workloads(load.DefaultWorkload()), Cell: time.Second}
	assert.Equal(t, conformanceTime, lengthOf(p, []*results.Server{ours, ours})-lengthOf(p, []*results.Server{ours, other}))
}

func TestRunInterrupted(t *testing.T) {
	cfg := testConfig(t, "right", "serial")
	ctx, cancel := context.WithCancel(t.Context())
	var addr string
	cfg.check = func(ctx context.Context, a string, s results.Target) results.Conformance {
		if s.Name == "serial" {
			addr = a
			cancel()
		}
		return everythingIsFine(ctx, a, s)
	}
	r, err := Run(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
	require.NotNil(t, r)
	assert.False(t, r.Complete)
	assert.Empty(t, r.Server("right").DNF)
	assert.Nil(t, r.Server("serial").Rules, "the check was not finished")
	_, err = net.Dial("tcp", addr)
	require.Error(t, err, "the server is gone")

	var report bytes.Buffer
	require.NoError(t, text.Report(r, &report, text.Style{}, 120))
	assert.Contains(t, report.String(), "INTERRUPTED")
	assert.Contains(t, report.String(), "not measured")
	assert.NotContains(t, report.String(), "REQ/S")
}

func TestRunRefusesNonsense(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no servers": func(c *Config) { c.Targets = nil },
		"same name":  func(c *Config) { c.Targets = append(c.Targets, c.Targets[0]) },
		"no rounds":  func(c *Config) { c.Rounds = 0 },
		"too short":  func(c *Config) { c.Cell = bench.MinCell - 1 },
		"too long":   func(c *Config) { c.Cell = bench.MaxCell + 1 },
		"no part":    func(c *Config) { c.Parts = []results.Part{"all"} },
		"no time":    func(c *Config) { c.SLO = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig(t, "right")
			change(&cfg)
			r, err := Run(t.Context(), cfg)
			require.Error(t, err)
			assert.Nil(t, r)
		})
	}
}

func TestPlan(t *testing.T) {
	targets := models.Models("ioflavors")
	cfg := Config{Targets: targets, Seed: 7, Rounds: 5, Cell: bench.MinCell}
	p, err := newPlan(cfg)
	require.NoError(t, err)
	again, err := newPlan(cfg)
	require.NoError(t, err)
	assert.Equal(t, p, again, "a seed repeats the order")
	for _, order := range p.Order {
		assert.ElementsMatch(t, models.TargetNames(targets), order)
	}
	assert.False(t, slices.Equal(p.Order[0], p.Order[1]) && slices.Equal(p.Order[1], p.Order[2]), "shuffled")
	seen := map[uint64]bool{}
	for round := range 5 {
		for w := range p.Workloads {
			seen[p.SeedOf(round, w)] = true
		}
		for w := range p.Open {
			seen[p.OpenSeed(round, w)] = true
		}
	}
	assert.Len(t, seen, 5*(3+len(results.OpenRates)), "no two cells have the same requests")
	assert.NotContains(t, p.Parts, results.Capacities)
	assert.Equal(t, "eventloop", p.Again)
}

// A panic of the lab loses only the current measurement: the results so far are there,
// and the servers are gone.
func TestAPanicLosesNothingMeasured(t *testing.T) {
	cfg := testConfig(t, "right", "serial")
	var addr string
	cfg.check = func(ctx context.Context, a string, s results.Target) results.Conformance {
		if s.Name == "serial" {
			addr = a
			panic("index out of range")
		}
		return everythingIsFine(ctx, a, s)
	}
	r, err := Run(t.Context(), cfg)
	require.ErrorContains(t, err, "panic: index out of range")
	require.ErrorContains(t, err, "TestAPanicLosesNothingMeasured", "it says where")
	require.NotNil(t, r)
	assert.False(t, r.Complete)
	require.NotNil(t, r.Server("right").Rules)
	_, err = net.Dial("tcp", addr)
	require.Error(t, err, "the server is gone")
}

// Results are saved during the run, because a panic in any goroutine, the kernel's OOM
// killer or a power cut may end the process.
func TestResultsAreSavedOnTheWay(t *testing.T) {
	cfg := testConfig(t, "right")
	cfg.Parts, cfg.Rounds = []results.Part{results.Closed}, 2
	var cells, summaries []int
	cfg.Save = func(r *results.Results) {
		cells, summaries = append(cells, len(r.Runs)), append(summaries, len(r.Summary))
		assert.False(t, r.Complete)
	}
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.NotEmpty(t, cells)
	assert.Contains(t, cells, len(r.Runs)/2, "after each round: %v", cells)
	assert.Equal(t, len(r.Runs), cells[len(cells)-1])
	assert.Equal(t, len(r.Summary), summaries[len(summaries)-1], "as a report needs it")
}
