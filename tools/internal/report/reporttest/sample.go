// Package reporttest has results to show, and reads pictures and tables, for the tests
// of the report's packages.
package reporttest

import (
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Sample is a run of three servers under two workloads. Its times have a monotonic
// clock.
func Sample(t *testing.T) *results.Results {
	t.Helper()
	share := 0.01
	r := &results.Results{
		Schema: results.Schema, Started: time.Now(), Finished: time.Now(), Complete: true,
		Environment: results.Environment{OS: "linux", Arch: "amd64", Cores: 2, Pinned: true, LoadCore: 1, Go: "go1.26.0", Steal: &share, Others: &share},
		Plan: results.Plan{
			Seed: 7, Rounds: 3, Cell: time.Second, Warmup: time.Second / 4, Idle: time.Second, IdleConnections: []int{0, 100, 1000}, SLO: time.Millisecond,
			Workloads: []load.Workload{load.DefaultWorkload(), {Connections: 50, Depth: 16, Puts: 0.1, Keys: 10_000, MinValue: 64, MaxValue: 64}},
			Open:      openPlan(1000, 2000, 4000, 8000),
			Order:     [][]string{{"quick", "serial", "spins"}, {"spins", "quick", "serial"}, {"serial", "spins", "quick"}},
		},
		Servers: []*results.Server{
			{Target: results.Target{Name: "quick", Command: []string{"./quick", "{addr}"}, Foreign: true}, Rules: &results.Conformance{Passed: 5, Total: 5}},
			{Target: results.Target{Name: "serial", OneAtATime: true}, Rules: &results.Conformance{Passed: 5, Total: 5}},
			{Target: results.Target{Name: "spins"}, Rules: &results.Conformance{Passed: 5, Total: 5}},
		},
	}
	busy := map[string][]float64{"quick": {0.5, 0.95}, "serial": {0.5, 0.5}, "spins": {1, 1}}
	for i, s := range r.Servers {
		for round := 1; round <= 3; round++ {
			for w, load := range r.Plan.Workloads {
				r.Runs = append(r.Runs, results.Cell{
					Server: s.Name, Round: round, Workload: w, Load: LoadOf(t, int64(5000*(w+1)+100*round), load.Connections, s.OneAtATime, float64(10*(i+1))),
					Resources: &results.Resources{Window: time.Second, CPU: time.Duration(busy[s.Name][w] * 1e9), Voluntary: 500, Threads: 6, RSS: 15 << 20},
				})
			}
		}
		for _, n := range r.Plan.IdleConnections {
			idle := results.IdleCell{Server: s.Name, Connections: n, Wanted: n, Resources: &results.Resources{Window: time.Second, RSS: int64(10<<20 + n*1000*(i+1)), PSS: 5 << 20}}
			switch {
			case s.Name == "spins":
				idle.Resources.CPU = time.Second
				if n == 1000 {
					idle.Connections, idle.Short = 965, "the server holds 965 of 1000"
				}
			case s.OneAtATime && n > 100:
				continue
			case s.OneAtATime && n > 0:
				idle.Connections, idle.Wanted = 1, 1
			}
			r.Idle = append(r.Idle, idle)
		}
		for w := range r.Plan.Workloads {
			mine := results.CellsOf(r.Runs, s.Name, w)
			r.Summary = append(r.Summary, results.Summary{
				Server: s.Name, Workload: w, Rounds: 3, Rate: mine[1].Load.Rate, P50: 40_000, P99: 90_000, Served: mine[0].Load.Served,
				Cost: &results.Cost{CPU: results.MedianOf(mine, results.Cell.NanosPerRequest), Spread: 0.1, Voluntary: 0.1, Threads: 6, RSS: 15 << 20},
			})
		}
	}
	openSample(t, r)
	for i, s := range r.Servers {
		for w := range r.Plan.Workloads {
			r.Syscalls = append(r.Syscalls, results.SyscallCell{Server: s.Name, Workload: w, Method: "perf", Requests: 1000, Calls: map[string]int64{
				"read": int64(1000 * (i + 1)), "write": 1000, "epoll_pwait": int64(500 * i), "nanosleep": 15, "sched_yield": 30, "epoll_ctl": 8, "accept4": 20, "futex": 1, "others": 10,
			}})
		}
	}
	// quick is foreign, so it has no profile.
	r.Time = []results.TimeCell{
		timeOf("serial", map[results.Activity]time.Duration{
			results.TimeWrite: 600 * time.Millisecond, results.TimeRead: 150 * time.Millisecond, results.TimeWait: 300 * time.Millisecond,
			results.TimeScheduler: 520 * time.Millisecond, results.TimeLoop: 60 * time.Millisecond, results.TimeCodec: 80 * time.Millisecond,
			results.TimeStore: 60 * time.Millisecond, results.TimeCollector: 20 * time.Millisecond,
		}),
		timeOf("spins", map[results.Activity]time.Duration{
			results.TimeWrite: 600 * time.Millisecond, results.TimeRead: 350 * time.Millisecond,
			results.TimeLoop: 90 * time.Millisecond, results.TimeCodec: 80 * time.Millisecond, results.TimeStore: 70 * time.Millisecond,
		}),
	}
	r.Capacity = []results.Capacity{
		{Server: "quick", Rate: 5000, Tries: []results.Try{tryOf(t, 5000, ""), tryOf(t, 6000, "p99 was 1.1ms"), tryOf(t, 8000, "p99 was 9ms")}},
		{Server: "serial", Tries: []results.Try{tryOf(t, 1000, "p99 was 2ms")}},
		{Server: "spins", Rate: 8000, LowerBound: true, Tries: []results.Try{tryOf(t, 8000, ""), tryOf(t, 9000, "p99 was 3ms")}},
	}
	r.StallCheck = stopSample(t)
	r.Noise = []results.Noise{{Server: "quick", Workload: 0, CPU: 0.2}, {Server: "quick", Workload: 1, CPU: 0.03}}
	for w, rate := range []float64{6000, 50_000} {
		r.Ceiling = append(r.Ceiling, results.Cell{Workload: w, Load: load.Result{Rate: rate}})
	}
	r.NotMeasured = []string{"the weather: there is no window"}
	r.Command = []string{"ioflavors", "lab", "--seed", "7", "--only", "claims", "--only", "eventloop", "--models", "busywait --one-at-a-time", "--claims"}
	claimsSample(t, r)
	return r
}

// timeOf is a profile of two seconds, in which 100,000 requests were answered and the
// server used 50 ms more than its samples tell.
func timeOf(server string, spent map[results.Activity]time.Duration) results.TimeCell {
	c := results.TimeCell{Server: server, Requests: 100_000, Spent: spent}
	c.Samples = int64(c.Sampled() / (10 * time.Millisecond))
	c.Resources = &results.Resources{Window: 2 * time.Second, Cores: 1, CPU: c.Sampled() + 50*time.Millisecond}
	return c
}

func tryOf(t *testing.T, rate float64, fail string) results.Try {
	t.Helper()
	return results.Try{Rate: rate, Fail: fail, Runs: []results.Cell{{Load: OpenLoad(t, 20)}}}
}

// stopSample is a second of which 200 to 500 ms were a stop.
func stopSample(t *testing.T) *results.StallCheck {
	t.Helper()
	open, closed := OpenLoad(t, 50), OpenLoad(t, 50)
	open.Response.P99, open.Response.Max = 290*time.Millisecond, 300*time.Millisecond
	closed.Response.P99, closed.Response.Max = 90*time.Microsecond, 301*time.Millisecond
	closed.Workload = load.DefaultWorkload()
	for i := range 10 {
		var o, c load.Step
		switch {
		case i == 5:
			o, c = load.Step{Requests: 800, Max: 300 * time.Millisecond}, load.Step{Requests: 200, Max: 301 * time.Millisecond}
		case i < 2 || i > 5:
			o, c = load.Step{Requests: 200, Max: 100_000}, load.Step{Requests: 900, Max: 90_000}
		}
		open.Series, closed.Series = append(open.Series, o), append(closed.Series, c)
	}
	return &results.StallCheck{Server: "quick", From: 200 * time.Millisecond, Stopped: 300 * time.Millisecond, Open: open, Closed: closed}
}

// Crowd is Sample with nine models of the longest names.
func Crowd(t *testing.T) *results.Results {
	t.Helper()
	all := Sample(t)
	for i, name := range []string{
		"multiblocking --workers 64", "multiblocking --os-threads", "busywait --one-at-a-time", "eventloop --loops 2", "eventloop --loops 4 --os-threads", "iouring",
	} {
		one := Sample(t)
		from := one.Servers[i%3].Name
		Rename(one, from, name)
		add(all, one, name)
	}
	return all
}

// Rename gives a server another name, wherever the results name it.
func Rename(r *results.Results, from, to string) {
	is := func(name *string) {
		if *name == from {
			*name = to
		}
	}
	for _, s := range r.Servers {
		is(&s.Name)
	}
	for _, cells := range [][]results.Cell{r.Runs, r.Open} {
		for i := range cells {
			is(&cells[i].Server)
		}
	}
	for i := range r.Idle {
		is(&r.Idle[i].Server)
	}
	for i := range r.Summary {
		is(&r.Summary[i].Server)
	}
	for i := range r.OpenSummary {
		is(&r.OpenSummary[i].Server)
	}
	for i := range r.Syscalls {
		is(&r.Syscalls[i].Server)
	}
	for i := range r.Time {
		is(&r.Time[i].Server)
	}
	for i := range r.Noise {
		is(&r.Noise[i].Server)
	}
	for i := range r.Capacity {
		is(&r.Capacity[i].Server)
	}
	for i := range r.Trials {
		is(&r.Trials[i].Server)
	}
	for _, c := range r.Claims {
		for i := range c.Findings {
			is(&c.Findings[i].Server)
		}
	}
	is(&r.StallCheck.Server)
}

// add takes a server and its figures from other results.
func add(to, from *results.Results, name string) {
	for _, s := range from.Servers {
		if s.Name == name {
			to.Servers = append(to.Servers, s)
		}
	}
	take := func(to, from []results.Cell) []results.Cell {
		return append(to, slices.DeleteFunc(from, func(c results.Cell) bool { return c.Server != name })...)
	}
	to.Runs, to.Open = take(to.Runs, from.Runs), take(to.Open, from.Open)
	to.Idle = append(to.Idle, slices.DeleteFunc(from.Idle, func(c results.IdleCell) bool { return c.Server != name })...)
	to.Summary = append(to.Summary, slices.DeleteFunc(from.Summary, func(c results.Summary) bool { return c.Server != name })...)
	to.Syscalls = append(to.Syscalls, slices.DeleteFunc(from.Syscalls, func(c results.SyscallCell) bool { return c.Server != name })...)
	to.Time = append(to.Time, slices.DeleteFunc(from.Time, func(c results.TimeCell) bool { return c.Server != name })...)
	to.Capacity = append(to.Capacity, slices.DeleteFunc(from.Capacity, func(c results.Capacity) bool { return c.Server != name })...)
	for _, trial := range from.Trials {
		if trial.Server == name {
			to.Trials = append(to.Trials, trial)
		}
	}
	for i, c := range from.Claims {
		for _, f := range c.Findings {
			if f.Server == name {
				to.Claims[i].Findings = append(to.Claims[i].Findings, f)
			}
		}
	}
	to.OpenSummary = append(to.OpenSummary, slices.DeleteFunc(from.OpenSummary, func(c results.OpenSummary) bool { return c.Server != name })...)
}

func openPlan(rates ...float64) []load.Workload {
	var all []load.Workload
	for _, rate := range rates {
		w := load.DefaultWorkload()
		w.Connections, w.Rate = 50, rate
		all = append(all, w)
	}
	return all
}

// openSample adds the open loop, a letter for each of the plan's rates: v is void, o is
// overloaded, k is kept.
func openSample(t *testing.T, r *results.Results) {
	t.Helper()
	for i, what := range []string{"kkko", "kvoo", "kkkv"} {
		for w, c := range what {
			cell := results.Cell{Server: r.Servers[i].Name, Round: 1, Workload: w, Load: OpenLoad(t, float64(20*(i+1)<<w))}
			cell.Load.Workload = r.Plan.Open[w]
			sum := results.OpenSummary{Server: cell.Server, Workload: w, Rounds: 1, MedianRounds: 1, P50: cell.Load.Response.P50, Kept: c != 'o', Response: cell.Load.Response, Service: cell.Load.Service}
			if c == 'v' {
				cell.Load.Void = []string{"the generator was late: 30µs by p99"}
				sum = results.OpenSummary{Server: cell.Server, Workload: w, Kept: true, Void: 1, Reason: cell.Load.Void[0]}
			}
			r.Open, r.OpenSummary = append(r.Open, cell), append(r.OpenSummary, sum)
		}
	}
}

// OpenLoad is an open loop of 2000 requests. They took least µs or more, and half of
// that from when they were sent.
func OpenLoad(t *testing.T, least float64) load.Result {
	t.Helper()
	return load.Result{
		Seconds: 1, Offered: 2000, Requests: 2000, Rate: 2000,
		Response: times(t, series{2000, int64(least * 1e3), 100}),
		Service:  times(t, series{2000, int64(least * 500), 200}),
		SendLag:  times(t, series{2000, 1000, 2000}),
	}
}

// series are n times in ns: least + i²/divisor for each i.
type series struct{ n, least, divisor int64 }

// known are the series that were encoded before: most samples have the same.
var known = make(map[series]load.Times)

func times(t *testing.T, s series) load.Times {
	t.Helper()
	if known, ok := known[s]; ok {
		return known
	}
	h := NewHistogram()
	for i := range s.n {
		if err := h.RecordValue(s.least + i*i/s.divisor); err != nil {
			t.Fatal(err)
		}
	}
	all, err := load.Summarize(h)
	require.NoError(t, err)
	known[s] = all
	return all
}

// NewHistogram returns an empty histogram like the load generator's.
func NewHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, time.Minute.Nanoseconds(), 3)
}

// LoadOf is a closed loop of n requests that took least µs or more.
func LoadOf(t *testing.T, n int64, connections int, serial bool, least float64) load.Result {
	t.Helper()
	response := load.Times{Histogram: times(t, series{n, int64(least * 1e3), 100}).Histogram}
	if serial {
		connections = 1
	}
	return load.Result{Seconds: 1, Requests: n, Rate: float64(n), Served: connections, Response: response, Generator: load.Generator{Busy: 0.4}}
}

// claimsSample adds trials and verdicts of some experiments, one of which is unknown to
// this program: whole runs, runs that lack figures, and one that is only a note.
func claimsSample(t *testing.T, r *results.Results) {
	t.Helper()
	claim := func(id string, v results.Verdict, when string, findings ...results.Finding) {
		for i := range findings {
			findings[i].Experiment = id
		}
		r.Claims = append(r.Claims, results.Claim{Experiment: id, Verdict: v, When: when, Findings: findings})
	}
	add := func(trial results.Trial) { r.Trials = append(r.Trials, trial) }
	for _, e := range experiments.All() {
		r.Experiments = append(r.Experiments, e.Statement)
	}

	for i, s := range r.Servers {
		worst := []time.Duration{300 * time.Microsecond, 2 * time.Second, 40 * time.Millisecond}[i]
		add(results.Trial{Experiment: "E2", Server: s.Name, Probes: timeline(worst), Attacks: attacks()})
		for _, x := range []float64{0, 100, 1000, 10_000} {
			trial := results.Trial{Experiment: "E6", Server: s.Name, Case: "so many are silent", X: x}
			l := OpenLoad(t, 20)
			trial.Load, trial.Resources = &l, &results.Resources{CPU: time.Duration((1 + x/100*float64(i)) * 2e7), Voluntary: 4000, RSS: 15 << 20}
			switch {
			case s.OneAtATime && x > 0:
				trial.Load, trial.Resources, trial.Note = nil, nil, "it serves one client at a time"
			case x == 1000 && i == 2:
				trial.Resources = nil
			}
			add(trial)
			add(results.Trial{Experiment: "E8", Server: s.Name, X: x + 1, Figures: map[string]float64{"wakeups/s": x * float64(i), "a": 1}})
		}
		for j, name := range []string{"a handler that sleeps", "a handler that computes, and for longer than it takes to read this"} {
			l := OpenLoad(t, float64(20*(i+1)*(1+5*j)))
			l.Void = []string{"the generator was late"}
			add(results.Trial{Experiment: "E10", Server: s.Name, Case: name, Load: &l})
		}
		add(results.Trial{Experiment: "Z99", Server: s.Name, Note: "it was not possible"})
	}
	broken := timeline(0)
	broken.First = "refused"
	for i := range broken.Steps {
		broken.Steps[i] = results.Moment{Failed: 2}
	}
	add(results.Trial{Experiment: "E11", Server: "serial", Case: "a slow reader", Probes: broken, Attacks: attacks()[:1]})
	add(results.Trial{Experiment: "E11", Server: "serial", Case: "a slow reader", Probes: timeline(time.Second), Attacks: attacks()[:1]})
	add(results.Trial{Experiment: "E11", Server: "spins", Case: "many at once", Probes: timeline(time.Second), Attacks: slices.Concat(attacks(), attacks(), attacks())})

	claim("E2", results.Confirmed, "",
		results.Finding{Server: "serial", Verdict: results.Confirmed, Number: 2, Low: 1.99, High: 2.01, Predicted: results.Confirmed, Why: "the longest wait was 2 s"},
		results.Finding{Server: "quick", Verdict: results.Refuted, Number: 0.0003, Low: 0.0003, High: 0.0003, Predicted: results.Refuted, Why: "the longest wait was 300 µs"},
		results.Finding{Server: "spins", Verdict: results.Refuted, Number: 0.04, Low: 0.03, High: 1.5, Close: true, Why: "the longest wait was 40 ms"})
	claim("E6", results.Refuted, "", results.Finding{Server: "quick", Verdict: results.Refuted, Number: 3, Low: 2, High: 3, Predicted: results.Confirmed, Why: "it grows"})
	claim("E8", results.OnlyWhen, "there are 1,000 connections or more", results.Finding{Server: "spins", Verdict: results.Confirmed, Number: 0, Low: 0, High: 0})
	claim("E10", results.NotMeasurable, "", results.Finding{Server: "quick", Verdict: results.NotMeasurable, Why: "there is one core"})
	r.Claims = append(r.Claims, results.Claim{Experiment: "Z99", Verdict: "SOMETHING NEW", Headline: -1})
}

// timeline has ten seconds in which others wait during the attacks, at most worst.
func timeline(worst time.Duration) *results.Timeline {
	line := &results.Timeline{Step: 50 * time.Millisecond, Steps: make([]results.Moment, 200)}
	for i := range line.Steps {
		at := time.Duration(i) * line.Step
		m := results.Moment{Calls: 10, Worst: 250 * time.Microsecond, Median: 150 * time.Microsecond}
		for _, a := range attacks() {
			if at >= a.From && at < a.Until {
				m.Worst = max(m.Worst, min(worst, a.Until-at))
			}
		}
		line.Steps[i] = m
	}
	line.Steps[199] = results.Moment{}
	return line
}

func attacks() []results.Attack {
	return []results.Attack{
		{Kind: results.IdleClient, From: time.Second, Until: 3 * time.Second},
		{Kind: results.HalfFrame, From: 4 * time.Second, Until: 6 * time.Second},
		{Kind: results.SlowReader, From: 7 * time.Second, Until: 9 * time.Second},
	}
}
