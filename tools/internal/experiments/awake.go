package experiments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentAwake sends a request now and then, to a server that is awake or asleep.
var experimentAwake = &Experiment{
	Statement: results.Statement{
		ID:       "E5",
		Title:    "awake when a request comes",
		Quotes:   []string{"Since the server isn't blocked waiting for I/O operations, it should be more responsive"},
		Question: "Does it answer a lone client sooner than any server that blocks?",
		About:    []string{"busywait"},
		Predictions: expect(func(v models.Variant) results.Verdict {
			switch {
			case v.Spins:
				return results.Confirmed
			case v.Kind == server.Blocking,
				v.Model == "iouring": // it sleeps like the servers that block, and takes the longest to wake
				return results.Refuted
			}
			return ""
		}),
		Metric: "p50 of the response time at 370 requests/s on one connection, by the clock, with a core to itself, as a multiple of the best p50 of the servers that block; median and range of three processes. " +
			"370, because requests at a divisor of the scheduler's tick rate would all come at the same moment of a tick",
		Unit: "×",
		Rule: "yes up to 0.6, no from 1 on. If p90 says no while a busy program shares the core, then the claim holds only on a core of its own",
	},
	takes: func(results.Plan, *results.Server) time.Duration {
		return repeats * (2*bench.StartStopTime + 2*awakeWarmup + ownCell + sharedCell)
	},
	run: func(ctx context.Context, b *bench.Bench, s *results.Server) error {
		if !b.Pins.On {
			return errors.New("servers and load have no cores of their own here")
		}
		// A new process each time, because the state of a runtime's monitor lasts,
		// and another process may be lucky.
		for i := range repeats {
			err := b.With(ctx, s.Target, func(p *proc.Process) error {
				if err := b.Preload(ctx, s.Target, p); err != nil {
					return err
				}
				if err := nowAndThen(ctx, b, s, p, i, ownCore, ownCell); err != nil || len(b.Null.Command) == 0 {
					return err
				}
				return b.With(ctx, b.Null, func(*proc.Process) error {
					return nowAndThen(ctx, b, s, p, i, sharedCore, sharedCell)
				})
			})
			if err != nil {
				return err
			}
		}
		return nil
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		trials := awake(r, s, ownCore)
		best, of := bestBlocking(r, ownCore, medianTime)
		if len(trials) == 0 || best == 0 {
			mine := slices.DeleteFunc(r.TrialsOf("E5", s.Name), func(t results.Trial) bool { return t.Case != ownCore })
			return notMeasurable(mine, whyTaken(mine, "others took the cores too often, or no server that blocks was measured"))
		}
		var ratios []float64
		for _, t := range trials {
			ratios = append(ratios, float64(t.Load.Response.P50)/float64(best))
		}
		f := byThreshold(ratios, 0.6, 1)
		f.Why = fmt.Sprintf("on a core of its own p50 was %s; the best that blocks, %s, had %s", format.Latency(medianTime(trials)), of, format.Latency(best))
		void := slices.ContainsFunc(trials, func(t results.Trial) bool { return len(t.Load.Void) > 0 })
		if p99 := responses(trials).P99; p99 > 0 && !void {
			f.Why += "; p99 was " + format.Latency(p99)
		}
		if shared := awake(r, s, sharedCore); len(shared) > 0 {
			f.Why += fmt.Sprintf("; beside a program that never rests p50 was %s and p90 %s", format.Latency(medianTime(shared)), format.Latency(p90Time(shared)))
		}
		return f, true
	},
	sum: func(r *results.Results, about []results.Finding) (results.Verdict, string) {
		v, when := common(r, about)
		if v != results.Confirmed {
			return v, when
		}
		own := p90Time(awake(r, r.Server(about[0].Server), sharedCore))
		best, of := bestBlocking(r, sharedCore, p90Time)
		if own == 0 || best == 0 || own < best {
			return v, when
		}
		return results.OnlyWhen, fmt.Sprintf("it has a core of its own: beside a program that never rests its p90 is %s, and that of %s %s", format.Latency(own), of, format.Latency(best))
	},
}

// The places where experimentAwake's server runs.
const (
	ownCore    = "on a core of its own"
	sharedCore = "on a core with a program that never rests"
)

const (
	awakeRate   = 370.0 // requests per second
	awakeWarmup = 50 * time.Millisecond
	ownCell     = time.Second // three of them have the thousand requests of a p99
	sharedCell  = 400 * time.Millisecond
)

// nowAndThen measures one client that asks now and then.
func nowAndThen(ctx context.Context, b *bench.Bench, s *results.Server, p *proc.Process, repeat int, where string, duration time.Duration) error {
	_, err := b.Trial(ctx, s, p, results.Trial{Experiment: "E5", Case: where}, generator.Config{
		Workload: b.Results.Plan.Mix(1, 1, awakeRate), Warmup: awakeWarmup, Duration: duration, Seed: uint64(repeat),
	})
	return err
}

// awake returns the runs in a place whose medians hold. Beside the program that never
// rests the server has half of its core by design, so its waits for the core do not
// count there.
func awake(r *results.Results, s *results.Server, where string) (all []results.Trial) {
	if s == nil {
		return nil
	}
	for _, t := range r.TrialsOf("E5", s.Name) {
		if t.Case != where || !medianHolds(t) {
			continue
		}
		if where == sharedCore {
			t.Resources = nil
		}
		if t.Taken() == "" {
			all = append(all, t)
		}
	}
	return all
}

// bestBlocking returns the shortest time of the servers whose calls block, and that
// server's name; 0 if there are none.
func bestBlocking(r *results.Results, where string, of func([]results.Trial) time.Duration) (best time.Duration, whose string) {
	for _, s := range r.Servers {
		if models.VariantOf(s.Target).Kind != server.Blocking {
			continue
		}
		if d := of(awake(r, s, where)); d > 0 && (best == 0 || d < best) {
			best, whose = d, s.Name
		}
	}
	return best, whose
}

// medianTime returns the median of the runs' medians, and p90Time the p90 of all runs
// together; 0 if there are none.
func medianTime(trials []results.Trial) time.Duration {
	var all []time.Duration
	for _, t := range trials {
		all = append(all, t.Load.Response.P50)
	}
	if len(all) == 0 {
		return 0
	}
	return results.Median(all)
}

func p90Time(trials []results.Trial) time.Duration { return responses(trials).P90 }
