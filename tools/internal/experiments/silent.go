package experiments

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentSilent has ten clients that ask, while more and more others are silent.
var experimentSilent = &Experiment{
	Statement: results.Statement{
		ID:       "E6",
		Title:    "silent clients",
		Quotes:   []string{"Polling the event loop for multiple sockets is a more efficient way … compared to constantly checking each socket individually"},
		Question: "Does a request cost the same however many other clients are silent?",
		About:    []string{"eventloop"},
		Predictions: expect(func(v models.Variant) results.Verdict {
			switch {
			case v.Spins:
				return results.Refuted
			case v.OneAtATime():
				return "" // it has no runs
			}
			return results.Confirmed // a goroutine, a descriptor or an operation that waits makes no request dearer
		}),
		Metric: "CPU time per request with the most silent connections (up to 9,900) by that with none, of ten clients in a closed loop; median and range of three repeats. " +
			"Not at a given rate: there a server that polls all the time would use a core per second, whatever a request cost",
		Unit:    "×",
		Rule:    "yes up to 1.25, no from 2 on. If asking every socket is a fifth cheaper when no client is silent, then the claim holds only with silent clients",
		Shows:   results.CPUPerRequest,
		Against: "silent connections",
	},
	// A server that serves one client at a time would keep the second of the ten
	// waiting.
	with: func(s *results.Server) bool { return !s.OneAtATime },
	takes: func(p results.Plan, _ *results.Server) time.Duration {
		const connecting = 1500 * time.Millisecond // ten thousand connections
		return bench.StartStopTime + connecting + time.Duration(len(silentSteps))*((repeats+1)*silentWarmup+repeats*silentCell+silentOpenCell)
	},
	run: func(ctx context.Context, b *bench.Bench, s *results.Server) error {
		return b.With(ctx, s.Target, func(p *proc.Process) error {
			if err := b.Preload(ctx, s.Target, p); err != nil {
				return err
			}
			return amongSilent(ctx, b, s, p, silentSteps)
		})
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		trials := r.TrialsOf("E6", s.Name)
		none, most := costAmongSilent(r, s, 0), mostSilent(r, s)
		cost := costAmongSilent(r, s, most)
		if len(none) == 0 || most == 0 {
			return notMeasurable(trials, whyTaken(trials, "there were no silent connections, or the lab cannot tell what another process uses"))
		}
		var ratios []float64
		for _, c := range cost {
			ratios = append(ratios, c/results.Median(none))
		}
		f := byThreshold(ratios, 1.25, 2)
		f.Why = fmt.Sprintf("a request took %sµs of CPU time among %s silent connections, and %sµs among none",
			format.ThreeDigits(results.Median(cost)), format.Thousands(most), format.ThreeDigits(results.Median(none)))
		for _, t := range trials {
			if t.Case == silentOpen && t.X == most && medianHolds(t) && t.Taken() == "" {
				f.Why += fmt.Sprintf("; at %s/s %s", format.Thousands(silentRate), medianAndP99(t))
			}
		}
		return f, true
	},
	sum: func(r *results.Results, about []results.Finding) (results.Verdict, string) {
		v, when := common(r, about)
		if v != results.Confirmed {
			return v, when
		}
		waits := costAmongSilent(r, r.Server(about[0].Server), 0)
		var asks []float64 // of the first server that asks every socket
		for _, s := range r.Servers {
			if len(asks) == 0 && models.VariantOf(s.Target).Spins {
				asks = costAmongSilent(r, s, 0)
			}
		}
		if len(waits) == 0 || len(asks) == 0 || results.Median(waits) < clearlyMore*results.Median(asks) {
			return v, when
		}
		return results.OnlyWhen, fmt.Sprintf("some clients are silent: with none a request takes %sµs of CPU time, and %sµs where every socket is asked",
			format.ThreeDigits(results.Median(waits)), format.ThreeDigits(results.Median(asks)))
	},
}

// silentSteps are the numbers of silent connections, one after the other. By default
// a server holds 10,000 clients, and some of them have to ask.
var silentSteps = []int{0, 1_000, 9_900}

// The names of experimentSilent's runs.
const (
	silentClosed = "closed loop"
	silentOpen   = "open loop"
)

const (
	clearlyMore    = 1.2     // the ratio of two costs; less may be the machine
	silentRate     = 2_000.0 // requests per second, in the open loop
	silentWarmup   = 50 * time.Millisecond
	silentCell     = 200 * time.Millisecond
	silentOpenCell = 600 * time.Millisecond // more than the thousand requests of a p99
)

// amongSilent loads a server among each number of silent connections. It ends when
// the server does not hold that many.
func amongSilent(ctx context.Context, b *bench.Bench, s *results.Server, p *proc.Process, steps []int) error {
	const asking = 10
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			bench.Abort(c)
		}
	}()
	for _, n := range steps {
		var short string
		var err error
		if conns, _, short, err = bench.ConnectSilent(ctx, p.Addr, conns, n); err != nil {
			return err
		}
		t := results.Trial{Experiment: "E6", Case: silentClosed, X: float64(n)}
		if short != "" {
			t.Server, t.Note = s.Name, fmt.Sprintf("with %s silent connections: %s", format.Thousands(t.X), short)
			b.Results.Trials = append(b.Results.Trials, t)
			return nil
		}
		cfg := generator.Config{Workload: b.Results.Plan.Mix(asking, 1, 0), Warmup: silentWarmup, Duration: silentCell}
		for i := range repeats {
			cfg.Seed = uint64(i)
			if _, err := b.Trial(ctx, s, p, t, cfg); err != nil {
				return err
			}
		}
		t.Case, cfg.Rate, cfg.Duration = silentOpen, silentRate, silentOpenCell
		if _, err := b.Trial(ctx, s, p, t, cfg); err != nil {
			return err
		}
	}
	return nil
}

// costAmongSilent returns each run's CPU time per request among that number of silent
// connections, in µs.
func costAmongSilent(r *results.Results, s *results.Server, silent float64) (all []float64) {
	for _, t := range r.TrialsOf("E6", s.Name) {
		if us, known := cpuMicros(t); known && t.Case == silentClosed && t.X == silent && t.Taken() == "" {
			all = append(all, us)
		}
	}
	return all
}

// mostSilent returns the largest number of silent connections with which the server
// was measured.
func mostSilent(r *results.Results, s *results.Server) (most float64) {
	for _, t := range r.TrialsOf("E6", s.Name) {
		if _, known := cpuMicros(t); known && t.Case == silentClosed && t.Taken() == "" {
			most = max(most, t.X)
		}
	}
	return most
}
