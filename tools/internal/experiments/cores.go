package experiments

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentCores lets a server use all cores, under as much load as the generator
// can make.
var experimentCores = &Experiment{
	Statement: results.Statement{
		ID:       "E3",
		Title:    "cores left unused",
		Quotes:   []string{"Under-utilized hardware: Modern CPUs can handle many tasks concurrently, but this approach doesn't leverage that"},
		Question: "Does it leave all cores but one unused, however high the load is?",
		About:    []string{"singleblocking"},
		// The kernel does a ring's work on the thread that asks for it.
		Predictions: expect(func(v models.Variant) results.Verdict { return yesIf(v.Handlers == 1) }),

		Metric: "cores that the server used (CPU time by elapsed time) while 50 clients kept 16 requests each in flight; the server may run on every core, the load generator's too; median and range of three repeats",
		Unit:   "cores",
		Rule:   "yes up to 1.05, no from 1.2 on; not measurable if no server of the run reaches 1.2, because then the machine has no second core to offer. A run with less is left out if other programs used a fifth of the cores",
	},
	takes: func(results.Plan, *results.Server) time.Duration {
		return bench.StartStopTime + repeats*(coresWarmup+coresCell)
	},
	run: func(ctx context.Context, b *bench.Bench, s *results.Server) error {
		return b.WithPins(ctx, s.Target, b.Pins.Everywhere(), func(p *proc.Process) error {
			if err := b.Preload(ctx, s.Target, p); err != nil {
				return err
			}
			for i := range repeats {
				if _, err := b.Trial(ctx, s, p, results.Trial{Experiment: "E3"}, generator.Config{
					Workload: b.Results.Plan.Mix(50, 16, 0), Warmup: coresWarmup, Duration: coresCell, Seed: uint64(i),
				}); err != nil {
					return err
				}
			}
			return nil
		})
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		cores := coresUsed(r, s)
		if len(cores) == 0 {
			why := "the lab cannot tell here what another process uses"
			return notMeasurable(r.TrialsOf("E3", s.Name), cmp.Or(coresTakenFrom(r, s), why))
		}
		f := byThreshold(cores, oneCore, moreCores)
		f.Why = fmt.Sprintf("it used %s of %s", format.ThreeDigits(f.Number), format.Count(r.Environment.Cores, "core"))
		f.LeaveOut(coresTakenFrom(r, s))
		for _, other := range r.Servers {
			if cores := coresUsed(r, other); len(cores) > 0 && results.Median(cores) >= moreCores {
				return f, true
			}
		}
		f.Verdict, f.Close = results.NotMeasurable, false
		f.Why += ", but no server of this run used clearly more than one: the rest went to the load generator and to other programs"
		return f, true
	},
}

const (
	coresWarmup = 50 * time.Millisecond
	coresCell   = 300 * time.Millisecond
	oneCore     = 1.05 // the runtime's own work may be on another core
	moreCores   = 1.2
)

// coresUsed returns how many cores the server used in each run. It leaves out runs in
// which other programs may have kept the server from using more.
func coresUsed(r *results.Results, s *results.Server) (all []float64) {
	for _, t := range r.TrialsOf("E3", s.Name) {
		if n, known := coresOf(t); known && (n >= moreCores || coresTaken(t) == "") {
			all = append(all, n)
		}
	}
	return all
}

// coresTaken returns why the server could not use the cores, "" if it could.
func coresTaken(t results.Trial) string { return cmp.Or(t.Besides().Stolen(), t.Besides().Crowded()) }

// coresTakenFrom returns why a run was left out, the last one of several; "" if none
// was left out.
func coresTakenFrom(r *results.Results, s *results.Server) (why string) {
	for _, t := range r.TrialsOf("E3", s.Name) {
		if n, known := coresOf(t); known && n < moreCores {
			why = cmp.Or(coresTaken(t), why)
		}
	}
	return why
}
