package report

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/report/charts"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// busy is the share of a core at which the core is the limit.
const busy = 0.9

// limit is why a server did no more, and the figures that say so.
type limit struct{ Reason, Because string }

// limitOf derives the limit from the medians of a server under a workload.
func limitOf(r *results.Results, s *results.Server, workload int) limit {
	rounds := results.CellsOf(r.Runs, s.Name, workload)
	sum := r.SummaryOf(s.Name, workload)
	if len(rounds) == 0 || sum == nil {
		return limit{Reason: charts.NothingOf(s, "not measured")}
	}
	server := medianOf(rounds, func(c results.Cell) (float64, bool) { return c.Resources.Share() })
	generator := medianOf(rounds, func(c results.Cell) (float64, bool) { busy := c.Load.Generator.Busy; return busy, busy > 0 })
	l := limit{Because: fmt.Sprintf("server %s · load %s", server, generator)}
	// A spinning server is busy at any rate, so its core tells nothing.
	spins := r.Polls(s.Name)
	serverFull := server.known && server.value >= busy && !spins
	loadFull := generator.known && generator.value > load.GeneratorLimit
	starved := mostOf(rounds, results.Cell.Starved)
	if starved || mostOf(rounds, lateGenerator) {
		l.Because = fmt.Sprintf("server %s, waited %s · load %s, waited %s", server, medianOf(rounds, serverWait), generator, medianOf(rounds, generatorWaited))
	}
	switch {
	case sum.Rate == 0:
		l.Reason = "no replies"
	case serverFull && loadFull:
		l.Reason = "the server’s core, and the generator"
	case serverFull:
		l.Reason = "the server’s core"
	case loadFull:
		l.Reason = "the generator"
	case starved:
		l.Reason = "waiting for its core, which others had"
	case mostOf(rounds, lateGenerator):
		l.Reason = "the generator: it waited for its core, which others had"
	case s.OneAtATime && r.Plan.Workloads[workload].Connections > 1:
		l.Reason = "one client at a time"
	case spins:
		l.Reason = "round trips, or its core: it spins"
	case !server.known || !generator.known:
		l.Reason = format.UnknownHere
	default:
		l.Reason = "waiting for round trips"
		w := r.Plan.Workloads[workload]
		l.Because = fmt.Sprintf("%d in flight · %s", w.Connections*w.Depth, l.Because)
	}
	return l
}

// generatorWait is the share of the time at which a generator that waited for its core
// is the limit.
const generatorWait = 0.2

func lateGenerator(c results.Cell) bool { return c.Load.Generator.WaitedOver(generatorWait) }

// mostOf reports whether is holds in more than half of the rounds.
func mostOf(rounds []results.Cell, is func(results.Cell) bool) bool {
	n := 0
	for _, c := range rounds {
		if is(c) {
			n++
		}
	}
	return 2*n > len(rounds)
}

// share is a share of a core or of the time, if it is known.
type share struct {
	value float64
	known bool
}

// String is a whole percentage.
func (s share) String() string {
	if !s.known {
		return format.NotAvailable
	}
	return fmt.Sprintf("%.0f %%", s.value*100)
}

// medianOf returns the median of the rounds in which a share is known.
func medianOf(rounds []results.Cell, of func(results.Cell) (value float64, known bool)) share {
	var all []float64
	for _, c := range rounds {
		if value, known := of(c); known {
			all = append(all, value)
		}
	}
	if len(all) == 0 {
		return share{}
	}
	return share{results.Median(all), true}
}

// serverWait returns the share of the time for which the server was ready to run and
// had no core. The waits of several threads add up, so it is cut at the whole time.
func serverWait(c results.Cell) (share float64, known bool) {
	share, known = c.Resources.Waited()
	return min(1, share), known
}

// generatorWaited is serverWait of the generator.
func generatorWaited(c results.Cell) (share float64, known bool) {
	if c.Load.Generator.RunQueue == nil {
		return 0, false
	}
	return *c.Load.Generator.RunQueue, true
}

// limitRow has a server's limits, one for each workload.
type limitRow struct {
	Name   string
	Limits []limit
}

func limitRows(r *results.Results) []limitRow {
	var rows []limitRow
	for _, s := range r.Servers {
		row := limitRow{Name: s.Name}
		for w := range r.Plan.Workloads {
			row.Limits = append(row.Limits, limitOf(r, s, w))
		}
		rows = append(rows, row)
	}
	return rows
}
