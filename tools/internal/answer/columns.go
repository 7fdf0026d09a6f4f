package answer

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// column is a Column with its figures: of returns that of a server that was available,
// and grade compares them.
type column struct {
	Column
	of    func(s *results.Server) Cell
	grade func([]Cell)
}

// The limits of the grades. They are conventions, like the experiments' own.
const (
	cpuHurts      = 1.5     // times
	responseHurts = 3       // times
	memoryHurts   = 8 << 10 // bytes: 10,000 clients take 80 MiB
	idleHurts     = 0.5     // of a core
	idleBest      = 0.05    // of a core
	memoryEqual   = 512     // bytes: what one measurement may be wrong by
	responseEqual = 0.15    // of the best
	fewRounds     = 4       // with fewer, tests of significance find nothing
	fewEqual      = 0.25    // of the best, if the rounds are few
	cpuEqual      = 0.05    // of the best; more if the A/A run differs by more
	cpuTogether   = 0.25    // of the least: the words name such servers together
	significant   = 0.05    // of a test's p
	leastClean    = 1.0 / 2 // of the rounds that must be neither void nor disturbed
	kibi          = 1 << 10 // bytes
	perMilli      = 1e6     // ns
	perSecond     = 1e9     // ns
	slowClient    = "E2"    // the experiments with the last two columns
	slowHandler   = "E10"
)

// columnsOf returns the columns. Of servers that run already only their clients' waits are
// known.
func columnsOf(r *results.Results) []*column {
	if r.Running() {
		return []*column{responseColumn(r)}
	}
	return []*column{cpuColumn(r), responseColumn(r), memoryColumn(r), idleColumn(r), clientColumn(r), handlerColumn(r)}
}

// absent is a cell without a figure.
func absent(why string) Cell { return Cell{Text: format.Absent, Why: why} }

// known is a cell with a figure.
func known(value float64, text string) Cell { return Cell{Text: text, Value: value, Known: true} }

// CPUWorkload returns the number of the plan's workload whose CPU time per request is
// compared: the one with the most connections, and of those with the fewest requests in
// flight on each; -1: there is none.
func CPUWorkload(p results.Plan) int {
	best := -1
	for i, w := range p.Workloads {
		if best < 0 || w.Connections > p.Workloads[best].Connections ||
			w.Connections == p.Workloads[best].Connections && w.Depth < p.Workloads[best].Depth {
			best = i
		}
	}
	return best
}

func cpuColumn(r *results.Results) *column {
	w := CPUWorkload(r.Plan)
	clients := "clients"
	if w >= 0 {
		clients = format.Count(r.Plan.Workloads[w].Connections, "client")
		if depth := r.Plan.Workloads[w].Depth; depth > 1 {
			clients += fmt.Sprintf(" × %d", depth)
		}
	}
	c := &column{Column: Column{ID: CPU, Name: "CPU per request", Under: clients, Short: [2]string{"CPU per", "request"}, Only: string(results.Closed)}}
	c.of = func(s *results.Server) Cell {
		sum := r.SummaryOf(s.Name, w)
		switch {
		case sum == nil || sum.Rate == 0:
			return absent("")
		case sum.Cost == nil:
			return absent("this system does not tell what another process uses")
		}
		cell := known(sum.Cost.CPU, format.Nanoseconds(sum.Cost.CPU))
		for _, round := range results.WithCost(results.CellsOf(r.Runs, s.Name, w)) {
			if why := notClean(round); why != "" {
				cell.Why = why
			} else {
				cell.sample = append(cell.sample, round.NanosPerRequest())
			}
		}
		if sum.Errors > 0 {
			cell.Why, cell.sample = sum.FirstError, nil
		}
		if float64(len(cell.sample)) < leastClean*float64(sum.Rounds) {
			cell.sample = nil
		} else {
			cell.Why = ""
		}
		return cell
	}
	c.grade = func(cells []Cell) { gradeRounds(cells, max(cpuEqual, noise(r)), cpuHurts) }
	return c
}

// notClean returns why a cell of the closed loop may decide nothing, or "".
func notClean(c results.Cell) string {
	if len(c.Load.Void) > 0 {
		return c.Load.Void[0]
	}
	return c.Besides().Taken()
}

// noise returns the largest difference between the two measurements of the A/A run, as a
// share; 0: it was not made.
func noise(r *results.Results) (most float64) {
	for _, n := range r.Noise {
		most = max(most, n.CPU)
	}
	return most
}

// responseColumn has p99 at the highest rate at which most servers have one. If few of
// them have one at any rate, because the machine is too noisy, it has the median.
func responseColumn(r *results.Results) *column {
	c := &column{Column: Column{ID: Waiting, Name: "Response time, p99", Only: string(results.OpenLoop)}}
	valid := func(s *results.OpenSummary) bool { return s.Rounds > 0 && s.Response.P99 > 0 }
	figure := func(s *results.OpenSummary) time.Duration { return s.Response.P99 }
	round := func(c results.Cell) (time.Duration, bool) { return c.Load.Response.P99, len(c.Load.Void) == 0 }
	at, n := commonRate(r, valid)
	if median, m := commonRate(r, func(s *results.OpenSummary) bool { return s.MedianRounds > 0 && s.P50 > 0 }); 2*n < m {
		c.Name, at = "Response time, median", median
		valid = func(s *results.OpenSummary) bool { return s.MedianRounds > 0 && s.P50 > 0 }
		figure = func(s *results.OpenSummary) time.Duration { return s.P50 }
		round = func(c results.Cell) (time.Duration, bool) { return c.Load.Response.P50, c.Load.MedianStands() }
	}
	c.Short = [2]string{"response", "p99"}
	if c.Name != "Response time, p99" {
		c.Short[1] = "median"
	}
	if at < 0 {
		c.Under = "at one rate"
		c.of = func(s *results.Server) Cell { return absent(whyNoRate(r, s)) }
	} else {
		rate := format.Thousands(r.Plan.Open[at].Rate)
		c.Under = "at " + rate + " requests/s"
		c.Short = [2]string{c.Short[1] + " at", rate + "/s"}
		c.of = func(s *results.Server) Cell { return responseCell(r, s, at, valid, figure, round) }
	}
	c.grade = func(cells []Cell) { gradeRounds(cells, responseEqual, responseHurts) }
	return c
}

// whyNoRate returns why a server has no figure at any rate; "": it was not measured.
func whyNoRate(r *results.Results, s *results.Server) string {
	for w := range r.Plan.Open {
		if sum := r.OpenSummaryOf(s.Name, w); sum != nil && sum.Reason != "" {
			return sum.Reason
		}
	}
	return ""
}

func responseCell(r *results.Results, s *results.Server, at int, valid func(*results.OpenSummary) bool,
	figure func(*results.OpenSummary) time.Duration, round func(results.Cell) (time.Duration, bool),
) Cell {
	sum := r.OpenSummaryOf(s.Name, at)
	switch {
	case sum == nil:
		return absent("")
	case !valid(sum):
		return absent(sum.Reason)
	case sum.Errors > 0:
		return absent(sum.FirstError)
	case !sum.Kept:
		return Cell{Text: "not kept", Grade: Hurts, Why: "it did not keep the rate, so its response times are those of a queue that grows", Bar: 1}
	}
	d := figure(sum)
	cell := known(float64(d), format.Duration(d))
	if s.OneAtATime {
		cell.Why, cell.apart = "over one connection, because it serves one client at a time", true
		return cell
	}
	for _, c := range results.CellsOf(r.Open, s.Name, at) {
		if d, ok := round(c); ok && d > 0 {
			cell.sample = append(cell.sample, float64(d))
		}
	}
	if len(cell.sample) == 0 {
		cell.Why = "all rounds together have enough requests for it, and no round alone, so it cannot be compared"
	}
	return cell
}

// commonRate returns the number of the open workload with a valid figure for the most
// servers that serve several clients, and for how many; of several, that with the
// highest rate. -1: there is none.
func commonRate(r *results.Results, valid func(*results.OpenSummary) bool) (at, servers int) {
	at = -1
	for w, load := range r.Plan.Open {
		n := 0
		for _, s := range r.Servers {
			if sum := r.OpenSummaryOf(s.Name, w); sum != nil && !s.OneAtATime && valid(sum) && sum.Kept {
				n++
			}
		}
		if n > 0 && (at < 0 || n > servers || n == servers && load.Rate > r.Plan.Open[at].Rate) {
			at, servers = w, n
		}
	}
	return at, servers
}

func memoryColumn(r *results.Results) *column {
	under := "silent clients"
	if n := r.Plan.IdleConnections; len(n) > 0 {
		under = format.Thousands(float64(slices.Max(n))) + " silent"
	}
	c := &column{Column: Column{ID: Memory, Name: "Memory per idle client", Under: under, Short: [2]string{"memory", "a client"}, Only: string(results.Idle)}}
	c.of = func(s *results.Server) Cell {
		bytes, ok := r.PerConnection(s.Name)
		switch {
		case s.OneAtATime:
			return absent("it holds one client at a time")
		case !ok:
			return absent("")
		}
		bytes = max(0, bytes)
		return known(bytes, format.ThreeDigits(bytes/kibi)+" KiB")
	}
	c.grade = func(cells []Cell) {
		least := leastOf(cells)
		for i := range cells {
			switch c := &cells[i]; {
			case !c.Known:
			case c.Value <= max(least*1.25, least+memoryEqual):
				c.Grade = Best
			case c.Value >= memoryHurts:
				c.Grade = Hurts
			}
		}
	}
	return c
}

func idleColumn(r *results.Results) *column {
	c := &column{Column: Column{ID: Idle, Name: "CPU when idle", Under: "of a core, all clients silent", Short: [2]string{"CPU", "idle"}, Only: string(results.Idle)}}
	c.of = func(s *results.Server) Cell {
		for _, cell := range r.Idle {
			if cell.Server != s.Name || cell.Connections == 0 || cell.Resources == nil {
				continue
			}
			share := cell.CoreShare()
			figure := known(share, fmt.Sprintf("%.0f %%", share*100))
			besides := results.Besides{Server: cell.Resources, Steal: cell.Steal, Others: cell.Others}
			switch figure.Why = besides.Taken(); {
			case figure.Why != "":
			case share <= idleBest:
				figure.Grade = Best
			case share >= idleHurts:
				figure.Grade = Hurts
			}
			return figure
		}
		return absent("")
	}
	c.grade = func([]Cell) {}
	return c
}

func clientColumn(r *results.Results) *column {
	c := &column{Column: Column{ID: Client, Name: "Longest wait", Under: "beside a slow client", Short: [2]string{"slow", "client"}, Only: slowClient}}
	c.of = func(s *results.Server) Cell { return findingCell(r, slowClient, s.Name, perSecond, results.Refuted) }
	c.grade = func([]Cell) {}
	return c
}

func handlerColumn(r *results.Results) *column {
	c := &column{Column: Column{ID: Handler, Name: "Cheap requests, p99", Under: "beside a slow handler", Short: [2]string{"slow", "handler"}, Only: slowHandler}}
	c.of = func(s *results.Server) Cell {
		if s.OneAtATime {
			return absent("it serves one client at a time, so the slow client's turn is the wait")
		}
		return findingCell(r, slowHandler, s.Name, perMilli, results.Confirmed)
	}
	c.grade = func([]Cell) {}
	return c
}

// findingCell has the number of an experiment's finding on a server, which is in units
// of so many ns. good is the verdict of a server without the problem.
func findingCell(r *results.Results, experiment, server string, unit float64, good results.Verdict) Cell {
	for _, claim := range r.Claims {
		if claim.Experiment != experiment {
			continue
		}
		for _, f := range claim.Findings {
			switch {
			case f.Server != server:
			case !f.Verdict.Decided() || math.IsNaN(f.Number):
				return absent(f.Why)
			default:
				c := known(f.Number*unit, format.Nanoseconds(f.Number*unit))
				switch {
				case f.Close:
					c.Why = "close: another run could decide otherwise"
				case f.Verdict == good:
					c.Grade = Best
				default:
					c.Grade = Hurts
				}
				return c
			}
		}
	}
	return absent("")
}
