package report

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// busy is the share of a core from which on the core is the limit.
const busy = 0.9

// limit says why a server did no more, and which figures say so.
type limit struct{ Reason, Because string }

// limitOf derives it from the medians of a server under a workload.
func limitOf(r *results.Results, s *results.Server, workload int) limit {
	rounds := cells(r, s.Name, workload)
	sum := r.SummaryOf(s.Name, workload)
	if len(rounds) == 0 || sum == nil {
		return limit{Reason: nothingOf(s, "not measured")}
	}
	server, serverKnown := median(serverShares(rounds))
	generator, generatorKnown := median(generatorShares(rounds))
	l := limit{Because: fmt.Sprintf("server %s · load %s", shareOr(server, serverKnown), shareOr(generator, generatorKnown))}
	// Who spins is busy at any rate, so that the core of such a server tells
	// nothing.
	spins := r.Polls(s.Name)
	serverFull := serverKnown && server >= busy && !spins
	loadFull := generatorKnown && generator > load.GeneratorLimit
	starved := mostOf(rounds, results.Cell.Starved)
	if starved || mostOf(rounds, lateGenerator) {
		l.Because = fmt.Sprintf("server %s, waited %s · load %s, waited %s", shareOr(server, serverKnown), shareOr(median(serverWaits(rounds))),
			shareOr(generator, generatorKnown), shareOr(median(generatorWaits(rounds))))
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
	case !serverKnown || !generatorKnown:
		l.Reason = "not known here"
	default:
		l.Reason = "waiting for round trips"
		w := r.Plan.Workloads[workload]
		l.Because = fmt.Sprintf("%d in flight · %s", w.Connections*w.Depth, l.Because)
	}
	return l
}

// generatorWait is the share of the time from which on a generator that waited for
// its core is why there was no more.
const generatorWait = 0.2

func lateGenerator(c results.Cell) bool { return c.Load.Generator.WaitedOver(generatorWait) }

// mostOf reports whether something is so in more than half of the rounds.
func mostOf(rounds []results.Cell, is func(results.Cell) bool) bool {
	n := 0
	for _, c := range rounds {
		if is(c) {
			n++
		}
	}
	return 2*n > len(rounds)
}

// serverWaits returns the share of the time for which the server was ready to run
// and had no core in each round, and generatorWaits the generator's.
func serverWaits(rounds []results.Cell) (all []float64) {
	for _, c := range rounds {
		if waited, known := c.Resources.Waited(); known {
			all = append(all, min(1, waited)) // of several threads, perhaps
		}
	}
	return all
}

func generatorWaits(rounds []results.Cell) (all []float64) {
	for _, c := range rounds {
		if waited := c.Load.Generator.RunQueue; waited != nil {
			all = append(all, *waited)
		}
	}
	return all
}

func shareOr(share float64, known bool) string {
	if !known {
		return "n/a"
	}
	return fmt.Sprintf("%.0f %%", share*100)
}

// limitRow is a server’s limits, one for each workload.
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
