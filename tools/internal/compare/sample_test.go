package compare

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// made is a run that was made up.
type made struct {
	seed    uint64
	rounds  int     // 0: six
	spread  float64 // of the rounds: the standard deviation of the logarithms
	machine float64 // how much more CPU time all requests take
	drift   float64 // the same, growing from the first round to the last
	slower  map[string]float64
	names   []string // nil: five
	other   bool     // other programs than in other runs
}

// results makes the run: 2 µs a request over one connection, 1 µs over 50 and 0.1 µs
// with 16 in flight on each; p50 and p99 of the open loop are 20 and 100 times as much.
func (m made) results(t *testing.T) *results.Results {
	t.Helper()
	if m.names == nil {
		m.names = []string{"eventloop", "multiblocking", "busywait", "iouring", "singleblocking"}
	}
	if m.rounds == 0 {
		m.rounds = 6
	}
	mix := load.DefaultWorkload()
	r := &results.Results{
		Schema: results.Schema, Complete: true, Started: time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC),
		Environment: results.Environment{OS: "linux", Arch: "amd64", CPU: "AMD EPYC", Cores: 2, Pinned: true},
		Plan: results.Plan{
			Rounds: m.rounds, Parts: []results.Part{results.Closed, results.OpenLoop}, Again: m.names[0],
			Cell: 125 * time.Millisecond, OpenCell: 125 * time.Millisecond, Warmup: 50 * time.Millisecond,
			Workloads: results.Workloads(mix), Open: results.OpenWorkloads(mix, "")[:2],
		},
	}
	random := rand.New(rand.NewPCG(m.seed, 1))
	noise := func(name string, round int) float64 {
		return (1 + m.machine) * (1 + m.slower[name]) * (1 + m.drift*float64(round)/float64(m.rounds)) * math.Exp(m.spread*random.NormFloat64())
	}
	closed := func(name string, round, w int) results.Cell {
		const requests = 1_000_000
		return results.Cell{
			Server: name, Round: round, Workload: w, Load: load.Result{Workload: r.Plan.Workloads[w], Seconds: 1, Requests: requests, Rate: requests},
			Resources: &results.Resources{Window: time.Second, Cores: 1, CPU: time.Duration([]float64{2000, 1000, 100}[w] * requests * noise(name, round))},
		}
	}
	for _, name := range m.names {
		s := &results.Server{Target: results.Target{Name: name, Command: []string{"ioflavors", "serve", name}}, Binary: "aa"}
		if m.other {
			s.Binary = "bb"
		}
		r.Servers = append(r.Servers, s)
	}
	for round := 1; round <= m.rounds; round++ {
		for _, name := range m.names {
			for w := range r.Plan.Workloads {
				r.Runs = append(r.Runs, closed(name, round, w))
			}
			for w, workload := range r.Plan.Open {
				of := func(ns float64) time.Duration { return time.Duration(ns * noise(name, round)) }
				r.Open = append(r.Open, results.Cell{Server: name, Round: round, Workload: w, Load: load.Result{
					Workload: workload, Seconds: 1, Offered: 1000, Requests: 1000, Rate: 1000, Response: load.Times{Count: 1000, P50: of(20_000), P99: of(100_000)},
				}})
			}
		}
		for w := range r.Plan.Workloads {
			r.Again = append(r.Again, closed(m.names[0], round, w))
		}
	}
	require.NoError(t, r.Summarize())
	return r
}

// compared compares two runs, and returns the result and what changed.
func compared(t *testing.T, a, b *results.Results) (c *Comparison, changed []Figure) {
	t.Helper()
	c, err := Compare(a, b, Options{FileA: "a/results.json", FileB: "b/results.json"})
	require.NoError(t, err)
	return c, changedOf(c)
}

func changedOf(c *Comparison) (changed []Figure) {
	for _, f := range c.Figures {
		if f.Verdict == Better || f.Verdict == Worse {
			changed = append(changed, f)
		}
	}
	return changed
}

// figure returns a figure of a server.
func (c *Comparison) figure(t *testing.T, server string, k Kind, under string) Figure {
	t.Helper()
	for _, f := range c.Figures {
		if f.Server == server && f.Kind == k && f.Under == under {
			return f
		}
	}
	require.Fail(t, "no such figure", "%s %s %s", server, k, under)
	return Figure{}
}
