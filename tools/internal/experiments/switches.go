package experiments

import (
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

// experimentSwitches sends the same requests over more and more connections, which
// some servers serve with more and more threads.
var experimentSwitches = &Experiment{
	Statement: results.Statement{
		ID:       "E8",
		Title:    "what many threads cost",
		Quotes:   []string{"As the number of threads grows, the OS spends more time managing them (context switching)"},
		Question: "Does a request cost more, the more threads or goroutines there are?",
		About:    []string{"multiblocking", "multiblocking --os-threads"},
		// A sleeping thread is in no queue of the scheduler. A request wakes one
		// thread, however many others there are.
		Predictions: expect(func(v models.Variant) results.Verdict {
			if inSwitches(v) {
				return results.Refuted
			}
			return ""
		}),
		Metric: "how much CPU time per request grows from 50 connections to 4,000, at 10,000 requests/s over all of them by the clock, divided by how much it grows on the event loop; median and range of three repeats. " +
			"CPU time, because a switch is no cost of its own: the time it takes is in there, in the kernel and in the caches. " +
			"Divided, because more connections cost more on one thread, too. From 50, because one thread has no other thread to switch to",
		Unit:    "×",
		Rule:    "yes from 1.5 on, no up to 1.2",
		Shows:   results.SwitchesPerRequest,
		Against: "connections",
	},
	with: func(s *results.Server) bool { return inSwitches(models.VariantOf(s.Target)) },
	takes: func(results.Plan, *results.Server) time.Duration {
		d := bench.StartStopTime
		for _, n := range switchesClients {
			d += switchesWarmup(n) + switchesCell + time.Duration(n)*75*time.Microsecond // to connect
		}
		return d
	},
	run: func(ctx context.Context, b *bench.Bench, s *results.Server) error {
		return b.With(ctx, s.Target, func(p *proc.Process) error {
			if err := b.Preload(ctx, s.Target, p); err != nil {
				return err
			}
			return overConnections(ctx, b, s, p, switchesClients)
		})
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		trials := r.TrialsOf("E8", s.Name)
		loop := r.Server(models.Reference)
		most := mostClients(r, s)
		if loop == nil || most <= switchesFew {
			return notMeasurable(trials, whyTaken(trials, "the event loop was not measured, with which the growth is compared, or the rate was not kept, or others took the cores too often"))
		}
		growth := func(s *results.Server) (all []float64) {
			few := costOver(r, s, switchesFew)
			for _, us := range costOver(r, s, most) {
				if len(few) > 0 {
					all = append(all, us/results.Median(few))
				}
			}
			return all
		}
		mine, loops := growth(s), growth(loop)
		if len(mine) == 0 || len(loops) == 0 {
			return notMeasurable(trials, "the event loop was not measured with as many connections")
		}
		for i := range mine {
			mine[i] /= results.Median(loops)
		}
		f := byThreshold(mine, 1.5, 1.2)
		few, many := overClients(r, s, switchesFew), overClients(r, s, most)
		f.Why = fmt.Sprintf("from %d connections to %s a request's CPU time went from %sµs to %sµs (event loop: %s-fold), its switches from %s to %s, its wait for a core from %s to %s; %s in the end",
			switchesFew, format.Thousands(most), format.ThreeDigits(few.cpu), format.ThreeDigits(many.cpu), format.ThreeDigits(results.Median(loops)),
			format.ThreeDigits(few.switches), format.ThreeDigits(many.switches), few.wait(), many.wait(), format.Count(many.threads, "thread"))
		return f, true
	},
}

// inSwitches reports whether experimentSwitches has runs with a server: if its
// goroutines or threads grow with the clients, or if the others are compared with it.
func inSwitches(v models.Variant) bool { return goroutineEach(v) || v.Name() == models.Reference }

const (
	switchesRate = 10_000.0 // requests per second
	switchesFew  = 50
	switchesCell = 250 * time.Millisecond
)

// switchesClients is the number of connections in each run. Each server holds 4,000;
// a server with a thread for each holds only 96 more.
var switchesClients = []int{1, switchesFew, switchesFew, switchesFew, 500, 4_000, 4_000, 4_000}

// switchesWarmup returns how long it takes until each connection has asked.
func switchesWarmup(clients int) time.Duration {
	return 50*time.Millisecond + format.Seconds(float64(clients)/switchesRate)
}

// overConnections offers the rate over each number of connections. It ends when the
// server does not serve all of them.
func overConnections(ctx context.Context, b *bench.Bench, s *results.Server, p *proc.Process, clients []int) error {
	for i, n := range clients {
		t := results.Trial{Experiment: "E8", Case: format.Count(n, "connection"), X: float64(n)}
		result, err := b.Trial(ctx, s, p, t, generator.Config{
			Workload: b.Results.Plan.Mix(n, 1, switchesRate), Warmup: switchesWarmup(n), Duration: switchesCell, Seed: uint64(i),
		})
		if err != nil {
			return fmt.Errorf("%s: %w", t.Case, err)
		}
		if result.Served < n {
			b.Results.Trials[len(b.Results.Trials)-1].Note = fmt.Sprintf("of %s connections %d were served", format.Thousands(t.X), result.Served)
			return nil
		}
	}
	return nil
}

// keptOver returns the runs of experimentSwitches that kept the rate by the clock. If
// the cores are taken for a while, requests come in bursts afterwards, and the many
// requests of a burst share a switch.
func keptOver(r *results.Results, s *results.Server) (all []results.Trial) {
	for _, t := range r.TrialsOf("E8", s.Name) {
		if _, known := cpuMicros(t); known && t.Load.Kept() && t.Taken() == "" && t.Load.Served == int(t.X) {
			all = append(all, t)
		}
	}
	return all
}

// costOver returns each run's CPU time per request over that number of connections,
// in µs.
func costOver(r *results.Results, s *results.Server, clients float64) (all []float64) {
	for _, t := range keptOver(r, s) {
		if us, _ := cpuMicros(t); t.X == clients {
			all = append(all, us)
		}
	}
	return all
}

// mostClients returns the largest number of connections over which the rate was kept.
func mostClients(r *results.Results, s *results.Server) (most float64) {
	for _, t := range keptOver(r, s) {
		most = max(most, t.X)
	}
	return most
}

// switching is the cost of a request: medians of some runs, with times in µs.
type switching struct {
	cpu, switches float64
	runQueue      *float64 // nil: not known
	threads       int
}

// wait returns how long a request waited for a core, in words.
func (s switching) wait() string {
	if s.runQueue == nil {
		return format.UnknownHere
	}
	return format.ThreeDigits(*s.runQueue) + "µs"
}

// overClients returns the cost of a request over that number of connections.
func overClients(r *results.Results, s *results.Server, clients float64) (all switching) {
	var cpu, switches, runQueue []float64
	for _, t := range keptOver(r, s) {
		if t.X != clients {
			continue
		}
		us, _ := cpuMicros(t)
		n := float64(t.Load.Requests)
		cpu = append(cpu, us)
		switches = append(switches, float64(t.Resources.Voluntary+t.Resources.Involuntary)/n)
		if wait := t.Resources.RunQueue; wait != nil {
			runQueue = append(runQueue, wait.Seconds()*1e6/n)
		}
		all.threads = max(all.threads, t.Resources.Threads)
	}
	if len(cpu) > 0 {
		all.cpu, all.switches = results.Median(cpu), results.Median(switches)
	}
	if len(runQueue) > 0 {
		all.runQueue = new(results.Median(runQueue))
	}
	return all
}
