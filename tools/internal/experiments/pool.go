package experiments

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentPool compares a pool of goroutines, and threads, with a goroutine for
// each client: the same command without its flags. That command is measured beside
// them each time, because a busy machine changes within seconds.
var experimentPool = &Experiment{
	Statement: results.Statement{
		ID:       "E9",
		Title:    "goroutines, a pool, threads",
		Quotes:   []string{"Proper profiling and benchmarking should be done to decide if goroutine pooling would help or not"},
		Question: "Is there a load under which a pool, or threads, make requests cheaper than a goroutine for each client does?",
		About:    []string{"multiblocking --workers 64", "multiblocking --os-threads"},
		Predictions: map[string]results.Verdict{
			// A goroutine takes a microsecond to make, of the fifty or more that a
			// connection takes; and Go's scheduler wants threads that run, not
			// threads that sleep.
			"multiblocking --workers 64": results.Refuted,
			"multiblocking --os-threads": results.Refuted,
		},
		Metric: "the server's CPU time per request, as a share of that with a goroutine for each client, under the load where that is least: 256 connections in a closed loop, clients that connect, ask once and leave, or 256 connections whose requests compute for 100 µs; median and range of three runs",
		Unit:   "×",
		Rule:   fmt.Sprintf("yes up to %.2f, no from %.2f on: two runs of one server differ by several percent", poolHelps, poolDoesNot),
		Shows:  results.CPUPerRequest,
	},
	with: pooled,
	takes: func(results.Plan, *results.Server) time.Duration {
		return poolRepeats * 2 * (2*bench.StartStopTime + 2*(poolWarmup+poolWindow) + poolWindow)
	},
	run: func(ctx context.Context, b *bench.Bench, s *results.Server) error {
		for i := range uint64(poolRepeats) {
			if err := poolRepeat(ctx, b, s, i); err != nil {
				return err
			}
		}
		return nil
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		if !pooled(s) || len(r.TrialsOf("E9", s.Name)) == 0 {
			return results.Finding{}, false
		}
		ratios := poolRatios(r, s.Name)
		if len(ratios) < len(poolCases) {
			trials := r.TrialsOf("E9", s.Name)
			return notMeasurable(trials, whyTaken(trials, "the lab cannot tell here what another process uses"))
		}
		var best results.Finding
		var all []string
		for i, c := range poolCases {
			f := byThreshold(ratios[c], poolHelps, poolDoesNot)
			if i == 0 || f.Number < best.Number {
				best = f
			}
			all = append(all, fmt.Sprintf("%s %.2f", c, f.Number))
		}
		best.Why = "CPU per request, as a share of that with a goroutine for each client: " + strings.Join(all, ", ")
		for _, c := range []string{poolCases[0], poolCases[2]} {
			served, of, rss := poolServed(r, s.Name, c)
			_, _, base := poolServed(r, s.Name, c+plainCase)
			best.Why += fmt.Sprintf("; %s: it served %d of %d connections, with %s MiB instead of %s", c, served, of, format.Mebibytes(rss), format.Mebibytes(base))
		}
		return best, true
	},
	sum: func(r *results.Results, about []results.Finding) (results.Verdict, string) {
		if len(about) == 0 || about[0].Verdict == results.NotMeasurable {
			return results.NotMeasurable, ""
		}
		helps, tried := []string(nil), 0
		for _, f := range about {
			ratios := poolRatios(r, f.Server)
			for _, c := range poolCases {
				if len(ratios[c]) == 0 {
					continue
				}
				tried++
				if of := byThreshold(ratios[c], poolHelps, poolDoesNot); of.Verdict == results.Confirmed {
					text := fmt.Sprintf("the load is %s (%s: %.2f of the CPU per request", c, f.Server, of.Number)
					if served, all, _ := poolServed(r, f.Server, c); served < all {
						text += fmt.Sprintf(", by serving %d of %d connections", served, all)
					}
					helps = append(helps, text+")")
				}
			}
		}
		switch len(helps) {
		case 0:
			return results.Refuted, ""
		case tried:
			return results.Confirmed, ""
		default:
			return results.OnlyWhen, strings.Join(helps, ", or ")
		}
	},
}

// poolCases are the loads. In the second, clients come and go.
var poolCases = []string{"steady", "churn", "computing"}

const (
	poolConnections   = 256
	poolClientsAtOnce = 16 // at a time in churn: fewer than a pool has goroutines
	poolBurn          = 100 * time.Microsecond
	poolRepeats       = 3
	poolWarmup        = 150 * time.Millisecond
	poolWindow        = 500 * time.Millisecond

	poolHelps, poolDoesNot = 0.85, 0.95 // shares of the CPU time per request

	// plainCase follows the name of a case that was measured without the flags.
	plainCase = ", plain"

	// poolClients is the figure of clients that came, asked and went.
	poolClients = "clients served"
)

// pooled reports whether the server is a variant, by its flags, of a model that has a
// goroutine for each client.
func pooled(s *results.Server) bool {
	v := models.VariantOf(s.Target)
	return goroutineEach(v) && len(v.Args) > 0
}

// withoutFlags returns the server without the flags in its name.
func withoutFlags(s results.Target) results.Target {
	flags := strings.Fields(s.Name)[1:]
	s.Command = slices.DeleteFunc(slices.Clone(s.Command), func(word string) bool { return slices.Contains(flags, word) })
	return s
}

// poolRepeat measures a server under each load: first without its flags, then with
// them.
func poolRepeat(ctx context.Context, b *bench.Bench, s *results.Server, seed uint64) error {
	for _, v := range []struct {
		results.Target
		suffix string
	}{{withoutFlags(s.Target), plainCase}, {s.Target, ""}} {
		err := b.With(ctx, v.Target, func(p *proc.Process) error {
			return errors.Join(poolSteady(ctx, b, s, p, seed, poolCases[0]+v.suffix), poolChurn(ctx, b, s, p, poolCases[1]+v.suffix))
		})
		if err != nil {
			return err
		}
		heavy := withMore(v.Target, "--slow-prefix", "key:", "--slow-burn", poolBurn.String()) // all keys of the generator
		err = b.With(ctx, heavy, func(p *proc.Process) error { return poolSteady(ctx, b, s, p, seed, poolCases[2]+v.suffix) })
		if err != nil {
			return err
		}
	}
	return nil
}

// poolSteady loads a server in a closed loop over connections that stay.
func poolSteady(ctx context.Context, b *bench.Bench, s *results.Server, p *proc.Process, seed uint64, name string) error {
	w := load.DefaultWorkload()
	w.Connections, w.Keys = poolConnections, 100 // few, because storing them takes time too
	if err := generator.Preload(ctx, generator.Config{Addr: p.Addr, Workload: w}); err != nil {
		return err
	}
	_, err := b.Trial(ctx, s, p, results.Trial{Experiment: "E9", Case: name, X: poolConnections}, generator.Config{
		Workload: w, Warmup: poolWarmup, Duration: poolWindow, MayWait: true, Seed: seed,
	})
	return err
}

// poolChurn measures clients that come, ask once and go; the next one comes when one
// has gone.
func poolChurn(ctx context.Context, b *bench.Bench, s *results.Server, p *proc.Process, name string) error {
	if err := prepare(ctx, p.Addr); err != nil {
		return err
	}
	m, unknown := proc.NewMeter(p.PID)
	if unknown == nil {
		unknown = m.Begin()
	}
	var (
		wg     sync.WaitGroup
		served atomic.Int64
		errs   = make([]error, poolClientsAtOnce)
		end    = time.Now().Add(poolWindow)
	)
	for i := range poolClientsAtOnce {
		wg.Go(func() {
			for time.Now().Before(end) && errs[i] == nil {
				if errs[i] = ask(ctx, p.Addr); errs[i] == nil {
					served.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if unknown == nil {
		unknown = m.End()
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	t := results.Trial{Experiment: "E9", Server: s.Name, Case: name, X: poolClientsAtOnce, Figures: map[string]float64{poolClients: float64(served.Load())}}
	if unknown == nil {
		t.Resources = m.Used
		t.Steal, t.Others = m.Besides(p.Pins)
	}
	b.Results.Trials = append(b.Results.Trials, t)
	return nil
}

// poolCosts returns the CPU time per request of each run of a case, in ns; 0 for a
// run that says nothing, because other programs took the cores.
func poolCosts(r *results.Results, server, name string) (all []float64) {
	for _, t := range r.Trials {
		if t.Experiment != "E9" || t.Server != server || t.Case != name || t.Resources == nil {
			continue
		}
		requests := t.Figures[poolClients]
		if t.Load != nil {
			requests = float64(t.Load.Requests)
		}
		switch {
		case requests == 0:
		case t.Taken() != "":
			all = append(all, 0)
		default:
			all = append(all, float64(t.Resources.CPU)/requests)
		}
	}
	return all
}

// poolRatios returns, for each case, the CPU time per request of each repeat as a
// share of the CPU time without the flags. It leaves out a repeat that was not
// measured both ways.
func poolRatios(r *results.Results, server string) map[string][]float64 {
	ratios := map[string][]float64{}
	for _, c := range poolCases {
		plain := poolCosts(r, server, c+plainCase)
		for i, cost := range poolCosts(r, server, c) {
			if i < len(plain) && cost > 0 && plain[i] > 0 {
				ratios[c] = append(ratios[c], cost/plain[i])
			}
		}
	}
	return ratios
}

// poolServed returns how many connections got replies in a case, out of how many, in
// the run with the fewest; and the most memory (RSS) in bytes.
func poolServed(r *results.Results, server, name string) (served, of int, rss int64) {
	for _, t := range r.Trials {
		if t.Experiment == "E9" && t.Server == server && t.Case == name && t.Load != nil && t.Resources != nil {
			if of == 0 || t.Load.Served < served {
				served = t.Load.Served
			}
			of, rss = t.Load.Workload.Connections, max(rss, t.Resources.RSS)
		}
	}
	return served, of, rss
}
