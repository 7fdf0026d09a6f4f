package results

import (
	"cmp"
	"math"
	"slices"
	"time"

	"golang.org/x/perf/benchmath"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Summary is a server under one workload: medians over the rounds.
type Summary struct {
	Server   string `json:"server"`
	Workload int    `json:"workload"` // of the plan's, counted from 0
	Rounds   int    `json:"rounds"`   // measured ones

	Rate float64       `json:"requests_per_second"`
	P50  time.Duration `json:"p50_ns"` // 0: too few requests in too many rounds
	P99  time.Duration `json:"p99_ns"`
	// Hidden is the share of the requests in flight, 0 to 1, that waited longer than a
	// cell, so they are in no percentile.
	Hidden float64 `json:"hidden"`
	// Served is the number of connections that got replies, the smallest of the rounds.
	Served int `json:"served"`
	// Errors is the sum over the rounds, FirstError one of them.
	Errors     int64  `json:"errors"`
	FirstError string `json:"first_error,omitempty"`
	// GeneratorLimited: in most rounds the load generator may have been the limit
	// (load.Generator.Limited).
	GeneratorLimited bool `json:"generator_limited"`

	// Cost is nil where the system does not tell.
	Cost *Cost `json:"cost,omitempty"`
}

// Cost is the cost of a request for the server: medians over the rounds.
type Cost struct {
	// CPU is the server's CPU time per request, in ns, and System the kernel's share of
	// it; nil: there are too few ticks.
	CPU    float64      `json:"cpu_ns_per_request"`
	System *SystemShare `json:"cpu_system,omitempty"`
	// Interval has the median of CPU in it with a confidence of 95 %. nil: there are too
	// few rounds.
	Interval *Interval `json:"cpu_interval,omitempty"`
	// Spread is the largest of the rounds' CPU figures less the smallest, as a share of
	// the median.
	Spread      float64 `json:"cpu_spread"`
	Voluntary   float64 `json:"switches_voluntary_per_request"`
	Involuntary float64 `json:"switches_involuntary_per_request"`
	// RunQueue is the run-queue wait of all threads as a share of the time; nil where the
	// kernel does not tell.
	RunQueue *float64 `json:"run_queue,omitempty"`
	Threads  int      `json:"threads"`
	RSS      int64    `json:"rss_bytes"`
	PSS      int64    `json:"pss_bytes,omitempty"` // see Resources
	Sockets  int64    `json:"sockets_bytes"`
}

// SystemShare is the kernel's share of the CPU time, 0 to 1, by the ticks of all rounds
// together, because each round has few. In 95 of 100 cases the true share is between
// Low and High.
type SystemShare struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// Interval is of CPU times per request, in ns.
type Interval struct {
	Low  float64 `json:"low_ns"`
	High float64 `json:"high_ns"`
}

// Summarize makes the summaries of the measurements. Package experiments draws the
// claims' verdicts.
func (r *Results) Summarize() error {
	r.Summary = summarize(r.Servers, r.Plan, r.Runs)
	r.Noise = noise(r.Plan, r.Runs, r.Again)
	var err error
	r.OpenSummary, err = summarizeOpen(r.Servers, r.Plan, r.Open)
	return err
}

// noise compares the two measurements of the A/A run.
func noise(plan Plan, runs, again []Cell) []Noise {
	var all []Noise
	for w := range plan.Workloads {
		var both [2][]float64
		for i, cells := range [][]Cell{runs, again} {
			for _, c := range WithCost(CellsOf(cells, plan.Again, w)) {
				both[i] = append(both[i], c.NanosPerRequest())
			}
		}
		if len(both[0]) == 0 || len(both[1]) == 0 {
			continue
		}
		a, b := Median(both[0]), Median(both[1])
		all = append(all, Noise{Server: plan.Again, Workload: w, CPU: math.Abs(a-b) / ((a + b) / 2)})
	}
	return all
}

// NanosPerRequest is the server's CPU time per request, in ns. The cell must have
// Resources and requests.
func (c Cell) NanosPerRequest() float64 {
	return float64(c.Resources.CPU.Nanoseconds()) / float64(c.Load.Requests)
}

// summarize returns a summary for each server and workload that was measured.
func summarize(servers []*Server, plan Plan, runs []Cell) []Summary {
	var all []Summary
	for _, s := range servers {
		for w := range plan.Workloads {
			if mine := CellsOf(runs, s.Name, w); len(mine) > 0 {
				all = append(all, summarizeRuns(mine, plan.Workloads[w]))
			}
		}
	}
	return all
}

func summarizeRuns(runs []Cell, w load.Workload) Summary {
	s := Summary{
		Server:   runs[0].Server,
		Workload: runs[0].Workload,
		Rounds:   len(runs),
		Rate:     MedianOf(runs, func(r Cell) float64 { return r.Load.Rate }),
		P50:      MedianOf(runs, func(r Cell) time.Duration { return r.Load.Response.P50 }),
		P99:      MedianOf(runs, func(r Cell) time.Duration { return r.Load.Response.P99 }),
		Served:   runs[0].Load.Served,
	}
	if s.Rate > 0 {
		s.Hidden = MedianOf(runs, func(r Cell) float64 { return r.Load.Hidden() })
	}
	limited := 0
	for _, r := range runs {
		if r.Load.Generator.Limited {
			limited++
		}
		s.Served = min(s.Served, r.Load.Served)
		s.Errors += r.Load.Errors.Count()
		s.FirstError = cmp.Or(s.FirstError, r.Load.Errors.First)
	}
	s.GeneratorLimited = 2*limited > len(runs)
	if known := WithCost(runs); len(known) > 0 {
		s.Cost = CostOf(known)
	}
	return s
}

// CellsOf returns the cells of a server under a workload, in the order they were
// measured.
func CellsOf(cells []Cell, server string, workload int) (mine []Cell) {
	for _, c := range cells {
		if c.Server == server && c.Workload == workload {
			mine = append(mine, c)
		}
	}
	return mine
}

// WithCost returns the cells whose NanosPerRequest is known.
func WithCost(cells []Cell) (known []Cell) {
	for _, c := range cells {
		if c.Resources != nil && c.Load.Requests > 0 {
			known = append(known, c)
		}
	}
	return known
}

// CostOf sums up cells of one server under one workload, of which all have Resources
// and requests.
func CostOf(runs []Cell) *Cost {
	per := func(r Cell, n int64) float64 { return float64(n) / float64(r.Load.Requests) }
	c := &Cost{
		CPU:         MedianOf(runs, Cell.NanosPerRequest),
		System:      systemShare(runs),
		Interval:    intervalOf(runs),
		Voluntary:   MedianOf(runs, func(r Cell) float64 { return per(r, r.Resources.Voluntary) }),
		Involuntary: MedianOf(runs, func(r Cell) float64 { return per(r, r.Resources.Involuntary) }),
		RunQueue:    waitedOf(runs),
		Threads:     MedianOf(runs, func(r Cell) int { return r.Resources.Threads }),
		RSS:         MedianOf(runs, func(r Cell) int64 { return r.Resources.RSS }),
		PSS:         MedianOf(runs, func(r Cell) int64 { return r.Resources.PSS }),
		Sockets:     MedianOf(runs, func(r Cell) int64 { return r.Resources.Sockets }),
	}
	if c.CPU > 0 {
		byCPU := func(a, b Cell) int { return cmp.Compare(a.NanosPerRequest(), b.NanosPerRequest()) }
		c.Spread = (slices.MaxFunc(runs, byCPU).NanosPerRequest() - slices.MinFunc(runs, byCPU).NanosPerRequest()) / c.CPU
	}
	return c
}

// waitedOf returns the median of the rounds' waits for a core, nil if none is known.
func waitedOf(runs []Cell) *float64 {
	var all []float64
	for _, r := range runs {
		if waited, known := r.Resources.Waited(); known {
			all = append(all, waited)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return new(Median(all))
}

// leastTicks is the least number of ticks that tells how CPU time is divided. Each tick
// is a sample of what ran just then, so in 95 of 100 cases the share by n ticks is within
// 1/√n of the true one (1.96·√(p(1-p)/n), at most, with p = ½): within 20 % with 25
// ticks.
const leastTicks = 25

// systemShare returns nil if there are too few ticks.
func systemShare(runs []Cell) *SystemShare {
	var user, system time.Duration
	for _, r := range runs {
		user, system = user+r.Resources.User, system+r.Resources.System
	}
	ticks := (user + system) / UserTick
	if ticks < leastTicks {
		return nil
	}
	share, off := float64(system)/float64(user+system), 1/math.Sqrt(float64(ticks))
	return &SystemShare{share, max(0, share-off), min(1, share+off)}
}

// intervalOf assumes nothing about the distribution of the rounds.
func intervalOf(runs []Cell) *Interval {
	var values []float64
	for _, r := range runs {
		values = append(values, r.NanosPerRequest())
	}
	s := benchmath.AssumeNothing.Summary(benchmath.NewSample(values, &benchmath.DefaultThresholds), 0.95)
	if math.IsInf(s.Lo, 0) || math.IsInf(s.Hi, 0) {
		return nil
	}
	return &Interval{s.Lo, s.Hi}
}

// SummaryOf returns the summary of a server under a workload, or nil.
func (r *Results) SummaryOf(server string, workload int) *Summary {
	for i, s := range r.Summary {
		if s.Server == server && s.Workload == workload {
			return &r.Summary[i]
		}
	}
	return nil
}

// number is a type that has medians.
type number interface {
	~int | ~int64 | ~float64
}

// Median returns the middle value, or the mean of the two in the middle. There must be
// at least one value.
func Median[T number](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// MedianOf returns the median of a figure of each cell.
func MedianOf[T number](runs []Cell, value func(Cell) T) T {
	var values []T
	for _, r := range runs {
		values = append(values, value(r))
	}
	return Median(values)
}
