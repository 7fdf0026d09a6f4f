package report

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// evil is a name and a reason that must not become part of the page's markup.
const evil = `<script>alert("x")</script>`

// sample is a run of three servers under two workloads, with times that have
// a monotonic clock.
func sample(t *testing.T) *lab.Results {
	t.Helper()
	share := 0.01
	r := &lab.Results{
		Schema: lab.Schema, Started: time.Now(), Finished: time.Now(), Complete: true,
		Environment: lab.Environment{OS: "linux", Arch: "amd64", Cores: 2, Pinned: true, LoadCore: 1, Go: "go1.26.0", Steal: &share, Others: &share},
		Plan: lab.Plan{
			Seed: 7, Rounds: 3, Cell: time.Second, Warmup: time.Second / 4, Idle: time.Second, IdleConnections: []int{0, 100, 1000}, SLO: time.Millisecond,
			Workloads: []load.Workload{load.DefaultWorkload(), {Connections: 50, Depth: 16, Puts: 0.1, Keys: 10_000, MinValue: 64, MaxValue: 64}},
			Order:     [][]string{{"quick", "serial", "spins"}, {"spins", "quick", "serial"}, {"serial", "spins", "quick"}},
		},
		Servers: []*lab.Server{
			{Subject: lab.Subject{Name: "quick", Command: []string{"./quick", "{addr}"}, Foreign: true}, Rules: &lab.Gate{Passed: 5, Total: 5}},
			{Subject: lab.Subject{Name: "serial", OneAtATime: true}, Rules: &lab.Gate{Passed: 5, Total: 5}},
			{Subject: lab.Subject{Name: "spins"}, Rules: &lab.Gate{Passed: 5, Total: 5}},
		},
	}
	busy := map[string][]float64{"quick": {0.5, 0.95}, "serial": {0.5, 0.5}, "spins": {1, 1}}
	for i, s := range r.Servers {
		for round := 1; round <= 3; round++ {
			for w, load := range r.Plan.Workloads {
				r.Runs = append(r.Runs, lab.Cell{
					Server: s.Name, Round: round, Workload: w, Load: loadOf(t, int64(5000*(w+1)+100*round), load.Connections, s.OneAtATime, float64(10*(i+1))),
					Resources: &lab.Resources{CPU: time.Duration(busy[s.Name][w] * 1e9), Voluntary: 500, Threads: 6, RSS: 15 << 20},
				})
			}
		}
		for _, n := range r.Plan.IdleConnections {
			idle := lab.IdleCell{Server: s.Name, Connections: n, Wanted: n, Duration: time.Second, Resources: &lab.Resources{RSS: int64(10<<20 + n*1000*(i+1))}}
			if s.Name == "spins" {
				idle.Resources.CPU = time.Second
			}
			r.Idle = append(r.Idle, idle)
		}
		for w := range r.Plan.Workloads {
			mine := cells(r, s.Name, w)
			cpu, _ := median(costs(mine))
			r.Summary = append(r.Summary, lab.Summary{
				Server: s.Name, Workload: w, Rounds: 3, Rate: mine[1].Load.Rate, P50: 40_000, P99: 90_000, Served: mine[0].Load.Served,
				Cost: &lab.Cost{CPU: cpu * 1e3, Spread: 0.1, Voluntary: 0.1, Threads: 6, RSS: 15 << 20},
			})
		}
	}
	return r
}

func loadOf(t *testing.T, n int64, connections int, serial bool, least float64) load.Result {
	t.Helper()
	h := hdrhistogram.New(1, time.Minute.Nanoseconds(), 3)
	for i := range n {
		require.NoError(t, h.RecordValue(int64(least*1e3)+i*i/100))
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	require.NoError(t, err)
	if serial {
		connections = 1
	}
	return load.Result{Seconds: 1, Requests: n, Rate: float64(n), Served: connections, Response: load.Times{Histogram: string(text)}, Generator: load.Generator{Busy: 0.4}}
}

// written returns the files that Write makes, by their names.
func written(t *testing.T, r *lab.Results) map[string]string {
	t.Helper()
	dir := t.TempDir()
	names, err := Write(dir, r)
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, FileName), names[0])
	files := make(map[string]string)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		files[filepath.Base(name)] = string(text)
	}
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, len(names), "nothing else is left")
	return files
}
