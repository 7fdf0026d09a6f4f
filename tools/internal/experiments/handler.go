package experiments

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/common/kvclient"
	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentHandler makes one request in a hundred take long in the store. The models
// do not know about it.
var experimentHandler = &Experiment{
	Statement: results.Statement{
		ID:       "E10",
		Title:    "a slow handler",
		Quotes:   []string{"The event loop allows it to remain responsive"},
		Question: "Do cheap requests stay fast while one in a hundred takes 10 ms?",
		About:    []string{"eventloop"},
		Predictions: expect(func(v models.Variant) results.Verdict {
			if v.OneAtATime() {
				return "" // it has no runs
			}
			// With fewer handlers than clients, some clients share a handler with the
			// slow client.
			return yesIf(v.Handlers == 0 || v.Handlers > handlerConnections)
		}),
		Metric: "p99 of the response time of 1,000 cheap requests/s over 20 connections, beside one client with 10 slow requests/s whose handler sleeps; median and range of three runs, or one run if time is short",
		Unit:   "ms",
		Rule:   "yes up to 2 ms, no from 5 ms on, judged with the handler that sleeps, because a handler that computes has no core of its own here",
	},
	quick: true,
	takes: func(p results.Plan, s *results.Server) time.Duration {
		if s.Foreign || s.OneAtATime {
			return 0
		}
		cases, repeats := handlerRuns(p)
		return time.Duration(len(cases)) * (bench.StartStopTime + time.Duration(repeats)*(handlerWarmup+handlerWindow))
	},
	run: func(ctx context.Context, b *bench.Bench, s *results.Server) error {
		switch {
		case s.Foreign:
			return errors.New("it is no model of ours, so its handler cannot be made slow")
		case s.OneAtATime:
			return errors.New("it serves one client at a time, so cheap requests wait for the slow client's turn to end, not for its slow requests")
		}
		cases, repeats := handlerRuns(b.Results.Plan)
		for _, c := range cases {
			if err := b.With(ctx, withMore(s.Target, c.flag, slowTime.String()), func(p *proc.Process) error { return besideSlow(ctx, b, s, p, c.name, repeats) }); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
		}
		return nil
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		trials := r.TrialsOf("E10", s.Name)
		if len(trials) == 0 {
			return results.Finding{}, false
		}
		p99, void := handlerTimes(trials)
		sleeps := p99[handlerCases[0].name]
		if len(sleeps) == 0 {
			return results.Finding{Verdict: results.NotMeasurable, Why: void}, true
		}
		f := byThreshold(sleeps, fastEnough, tooSlow)
		var all []string
		cases, _ := handlerRuns(r.Plan)
		for _, c := range cases {
			text := "not known"
			if ms := p99[c.name]; len(ms) > 0 {
				text = format.Latency(format.Seconds(byThreshold(ms, fastEnough, tooSlow).Number / 1e3))
			}
			all = append(all, c.name+" "+text)
		}
		f.Why = "p99 beside a handler that " + strings.Join(all, ", beside one that ")
		if void != "" {
			f.Why += "; left out: " + void
		}
		return f, true
	},
	sum: func(r *results.Results, about []results.Finding) (results.Verdict, string) {
		v, when := common(r, about)
		if v != results.Refuted {
			return v, when
		}
		// Perhaps the claim holds for one kind of slow handler.
		for _, f := range about {
			p99, _ := handlerTimes(r.TrialsOf("E10", f.Server))
			for _, c := range handlerCases {
				if ms := p99[c.name]; len(ms) > 0 && byThreshold(ms, fastEnough, tooSlow).Verdict == results.Confirmed {
					return results.OnlyWhen, "the handler " + c.name
				}
			}
		}
		return v, when
	},
}

// handlerCase is a kind of slow handler; serve has a flag for each.
type handlerCase struct{ name, flag string }

// handlerCases begin with the deciding one.
var handlerCases = []handlerCase{{"sleeps", "--slow-sleep"}, {"computes", "--slow-burn"}}

// handlerRuns returns the plan's cases, and how many runs of each must tell something.
func handlerRuns(p results.Plan) (cases []handlerCase, repeats int) {
	if p.AllClaims {
		return handlerCases, handlerRepeats
	}
	return handlerCases[:1], 1
}

const (
	slowTime   = 10 * time.Millisecond  // for a slow request
	slowEvery  = 100 * time.Millisecond // between slow requests
	slowPrefix = "slow:"                // slow requests' keys begin with it; serve's default
	cheapRate  = 1000                   // requests per second

	handlerConnections = 20 // for the cheap requests

	handlerRepeats = 3
	handlerTries   = 4 // because some runs may say nothing
	handlerWarmup  = 50 * time.Millisecond
	// handlerWindow is long enough for more requests than a p99 needs.
	handlerWindow = 1200 * time.Millisecond

	fastEnough, tooSlow = 2.0, 5.0 // ms
	// harmlessLag is the generator's lateness, by p99, that is always accepted,
	// whatever its share of the response time.
	harmlessLag = time.Millisecond
)

// withMore returns the server with further flags.
func withMore(s results.Target, flags ...string) results.Target {
	s.Command = append(s.Command[:len(s.Command):len(s.Command)], flags...)
	return s
}

// besideSlow measures cheap requests while another client makes slow ones, until
// enough runs say something about the server.
func besideSlow(ctx context.Context, b *bench.Bench, s *results.Server, p *proc.Process, name string, repeats int) error {
	w := load.DefaultWorkload()
	w.Connections, w.Rate, w.Arrivals = handlerConnections, cheapRate, load.Constant
	if err := generator.Preload(ctx, generator.Config{Addr: p.Addr, Workload: w}); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	slow := make(chan error, 1)
	go func() {
		err := askSlowly(ctx, p.Addr)
		if err != nil {
			cancel(fmt.Errorf("slow requests: %w", err))
		}
		slow <- err
	}()
	var err error
	var trials []results.Trial
	for i := 0; i < handlerTries && len(valid(trials, name)) < repeats; i++ {
		cell := results.Cell{Server: s.Name}
		err = b.Measure(p, &cell, func(begin, end func()) (err error) {
			// The generator sleeps between requests, because a generator that spins
			// would have to wait if another program wants its core.
			cell.Load, err = generator.Run(ctx, generator.Config{
				Addr: p.Addr, Workload: w, Warmup: handlerWarmup, Duration: handlerWindow, Drain: bench.OpenDrain,
				Seed: b.Results.Plan.Seed + uint64(i), Begin: begin, End: end,
			})
			return err
		})
		if err != nil {
			break
		}
		t := results.Trial{Experiment: "E10", Case: name}
		t.Fill(s, &cell)
		trials = append(trials, t)
	}
	b.Results.Trials = append(b.Results.Trials, trials...)
	cancel(nil)
	if err = errors.Join(err, <-slow); err != nil {
		p.MayBeDying()
		err = errors.Join(p.Failure(), err)
	}
	return err
}

// askSlowly makes slow requests by the clock, over one connection, until ctx is over.
func askSlowly(ctx context.Context, addr string) error {
	c, err := kvclient.Dial(ctx, addr)
	if err != nil {
		return err
	}
	defer c.Close()
	for due := time.Now(); sleepUntil(ctx, due) == nil; due = due.Add(slowEvery) {
		if _, _, err := c.Get(ctx, slowPrefix); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// valid returns the p99 of each run of a case, without the runs that say nothing.
func valid(trials []results.Trial, name string) []float64 {
	p99, _ := handlerTimes(trials)
	return p99[name]
}

// handlerTimes returns the p99 of each run's cheap requests in ms, by case, and why a
// run was left out, the last one of several. The limits are this experiment's own,
// because a disturbance makes no server faster, and the limits for yes and no are
// milliseconds apart.
func handlerTimes(trials []results.Trial) (p99 map[string][]float64, void string) {
	p99 = map[string][]float64{}
	for _, t := range trials {
		if t.Load == nil {
			void = t.Note
			continue
		}
		ms, lag := t.Load.Response.P99.Seconds()*1e3, t.Load.SendLag.P99
		waited, _ := t.Resources.Waited()
		switch {
		case ms == 0:
			void = "too few requests for a p99"
		case ms > fastEnough && lag > max(harmlessLag, t.Load.Response.P99/10):
			void = fmt.Sprintf("the generator was late: %v by p99, of a response time of %v", lag, t.Load.Response.P99)
		case ms > fastEnough && t.Load.Spoilt(99):
			void = fmt.Sprintf("the generator itself did not run for %v at a time", t.Load.Generator.LongestPause)
		case ms > fastEnough && t.Besides().Stolen() != "":
			void = t.Besides().Stolen()
		case ms > fastEnough && waited > proc.Starved:
			void = fmt.Sprintf("the server waited for its core for %s of the time", format.Percent(waited))
		default:
			p99[t.Case] = append(p99[t.Case], ms)
		}
	}
	return p99, void
}
