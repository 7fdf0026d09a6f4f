package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/term"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// Config is the configuration of Run.
type Config struct {
	Targets []results.Target
	// Null is the server that does next to nothing, for the generator's ceiling. If
	// it has no command, the ceiling is not measured.
	Null results.Target
	// Parts are the parts to measure; none: all but capacity.
	Parts  []results.Part
	Rounds int
	// Cell is the length of the measurement of each workload in a round.
	Cell time.Duration
	// Shapes are the numbers of connections and requests in flight of the closed
	// loops; none: the usual ones. Mix has the requests, keys and values of all
	// loops; nil: the usual ones.
	Shapes []results.Shape
	Mix    *load.Workload
	// Experiments are the numbers of the claims to test; none: the result of
	// experiments.For. AllClaims is as in results.Plan.
	Experiments []string
	AllClaims   bool
	// Arrivals is how an open loop spreads its requests over time.
	Arrivals load.Arrivals
	// Profile is how long each server is profiled: whole seconds, 1 to 5. 0: 1 s.
	Profile time.Duration
	// SLO is the highest p99 of the response time that capacity allows.
	SLO time.Duration
	// Seed determines the order of the servers and the sequences of requests.
	Seed uint64
	// NoPin lets the system choose the cores.
	NoPin bool
	// Command is the command that repeats the run, for the results.
	Command []string
	// NotMeasured has a sentence for each target that the caller could not add.
	NotMeasured []string
	// Progress is told how far the run is. May be nil.
	Progress *term.Progress
	// Save is called between measurements with the results so far, because the
	// process may be killed before Run returns. May be nil.
	Save func(*results.Results)

	// Tests replace bench.Conform by check, results.IdleSteps by idle, and carefulSearch
	// by capacity.
	check    func(ctx context.Context, addr string, s results.Target) results.Conformance
	idle     []int
	capacity *capacitySearch
}

// run is a run of the lab.
type run struct {
	*bench.Bench
	check    func(ctx context.Context, addr string, s results.Target) results.Conformance
	capacity capacitySearch
	progress *term.Progress
	save     func(*results.Results)
	givenUp  map[int]bool // the open workloads that tell nothing on this machine
}

// Validate returns an error if Run would refuse the configuration.
func (cfg Config) Validate() error {
	if err := models.Distinct(cfg.Targets); err != nil {
		return err
	}
	_, err := newPlan(cfg)
	return err
}

// Run checks the targets and measures them. A server's faults are part of the
// results. An error means that the lab could not do its work, or was interrupted;
// the results so far are returned with it, unless they are nil.
func Run(ctx context.Context, cfg Config) (*results.Results, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	plan, err := newPlan(cfg)
	if err != nil {
		return nil, err
	}
	procs := runtime.GOMAXPROCS(0)
	b := &run{Bench: &bench.Bench{Null: cfg.Null}, check: cfg.check, progress: cfg.Progress, save: cfg.Save, givenUp: map[int]bool{}}
	if b.progress == nil {
		b.progress = new(term.Progress)
	}
	b.capacity = *cmp.Or(cfg.capacity, &carefulSearch)
	if !cfg.NoPin {
		var unpin func()
		if b.Pins, unpin, err = proc.PinSelf(); err != nil {
			return nil, fmt.Errorf("pin the lab to a core: %w", err)
		}
		defer unpin()
	}
	b.Results = &results.Results{
		Schema:      results.Schema,
		Started:     time.Now(),
		Command:     cfg.Command,
		Environment: proc.Environment(procs, b.Pins),
		Plan:        plan,
		Experiments: experiments.Statements(plan.Experiments),
		NotMeasured: slices.Clone(cfg.NotMeasured),
	}
	for _, s := range cfg.Targets {
		server := &results.Server{Target: s}
		if !s.Running() {
			server.Binary = proc.HashOf(s.Command[0])
		}
		b.Results.Servers = append(b.Results.Servers, server)
	}

	if left := leftOut(plan, cfg.Targets); left != "" {
		b.Results.Skip(left)
	}
	running := b.Results.Running()
	if running {
		b.Results.Skip(onlyLoad)
	} else if b.Pins.On {
		b.Results.Skip("scaling over cores: a server has one core here, so further loops and threads show only what they cost")
	}

	before, known := proc.ReadClocks()
	err = bench.Survive(func() error { return b.run(ctx) })
	if after, ok := proc.ReadClocks(); known && ok {
		proc.NoteDisturbance(&b.Results.Environment, before, after)
		if running {
			b.Results.Environment.Others = nil // the measured servers may be among the others
		}
	}
	b.Results.Finished = time.Now()
	b.Results.Complete = err == nil
	return b.Results, errors.Join(err, b.conclude())
}

// run measures one part after the other.
func (b *run) run(ctx context.Context) error {
	b.progress.Start(lengthOf(b.Results.Plan, b.Results.Servers))
	defer b.progress.End()
	b.progress.Doing("", "the pauses of this machine")
	b.Results.Environment.Pauses = proc.MeasurePauses()
	for _, do := range []func(context.Context) error{b.conformance, b.ceiling, b.stallCheck, b.rounds, b.idle, b.syscalls, b.profiles, b.claims, b.capacities} {
		if err := do(ctx); err != nil {
			return err
		}
		b.saved()
	}
	return nil
}

// saved passes the results so far to Save.
func (b *run) saved() {
	if b.save != nil {
		_ = b.conclude() // Run calls it again, and returns the error
		b.save(b.Results)
	}
}

// conclude makes the summaries and verdicts of the results so far.
func (b *run) conclude() error {
	err := b.Results.Summarize()
	b.Results.Claims = experiments.Judge(b.Results)
	return err
}

// conformance starts every server, and checks the ones that speak our protocol, or tries
// the exchanges of a file. A server that says here that this system cannot run it is not started again.
func (b *run) conformance(ctx context.Context) error {
	for _, s := range b.Results.Servers {
		b.progress.Doing(s.Name, "check")
		err := b.conform(ctx, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		planned, line := time.Duration(0), ""
		if s.Checked() {
			planned, line = conformanceTime, fmt.Sprintf("%s: %v rules", s.Name, s.Rules)
		} else if e := b.Results.Plan.Workloads[0].Exchanges; e != nil {
			line = fmt.Sprintf("%s: the replies to %s are right", s.Name, format.Count(len(e.All), "request"))
		} else if s.Running() {
			line = fmt.Sprintf("%s: it answers", s.Name)
		}
		var missing *proc.UnavailableError
		if errors.As(err, &missing) {
			s.Unavailable, err = missing.Reason, nil
			line = fmt.Sprintf("%s: %s: %s", s.Name, text.UnavailableMark, s.Unavailable)
		}
		b.progress.Finished(planned, b.disqualify(s, err, line))
	}
	b.replaceUnavailable()
	return nil
}

// rounds measures every server under every workload, once a round.
func (b *run) rounds(ctx context.Context) error {
	plan := b.Results.Plan
	if !plan.Has(results.Closed) && !plan.Has(results.OpenLoop) {
		return nil
	}
	for i, order := range plan.Order {
		for at, name := range append(slices.Clone(order), "") {
			if at == plan.AgainAt[i] && measuresAgain(plan, b.Results.Running()) {
				if err := b.measureInRound(ctx, plan.Again, i+1, againLength(plan), true); err != nil {
					return err
				}
			}
			if name == "" {
				break // the end of the round
			}
			if err := b.measureInRound(ctx, name, i+1, measureLength(plan), false); err != nil {
				return err
			}
		}
		b.giveUpRates(i + 1)
		b.saved()
	}
	return nil
}

// measureInRound measures one server in one round, in about the planned time. An error
// means that the lab cannot go on.
func (b *run) measureInRound(ctx context.Context, name string, round int, planned time.Duration, again bool) error {
	s := b.Results.Server(name)
	if s.Out() {
		b.progress.Finished(planned, "")
		return nil
	}
	line, err := b.measureServer(ctx, s, round, again)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	b.progress.Finished(planned, b.disqualify(s, err, line))
	return nil
}

// eachServer calls do with a fresh process of each server that is not out, and shows the
// line that do returns. planned returns about the time that do takes.
func (b *run) eachServer(ctx context.Context, what string, planned func(*results.Server) time.Duration, do func(*results.Server, *proc.Process) (line string, err error)) error {
	return b.eachTarget(ctx, what, func(s *results.Server) (results.Target, bool) { return s.Target, true }, planned, do)
}

// eachTarget is eachServer for the servers of which target returns how to start them, and
// true.
func (b *run) eachTarget(ctx context.Context, what string, target func(*results.Server) (results.Target, bool),
	planned func(*results.Server) time.Duration, do func(*results.Server, *proc.Process) (line string, err error),
) error {
	for _, s := range b.Results.Servers {
		t, measured := target(s)
		if s.Out() || !measured {
			b.progress.Finished(planned(s), "")
			continue
		}
		b.progress.Doing(s.Name, what)
		var line string
		err := b.With(ctx, t, func(p *proc.Process) (err error) {
			line, err = do(s, p)
			return err
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			err = fmt.Errorf("%s: %w", what, err)
		}
		b.progress.Finished(planned(s), b.disqualify(s, err, line))
		b.saved()
	}
	return nil
}

// disqualify notes the error that keeps a server from being measured, and returns the
// line to show for it. Without an error it returns the given line.
func (b *run) disqualify(s *results.Server, err error, line string) string {
	if err == nil {
		return line
	}
	s.DNF = printable.Text(err.Error())
	return fmt.Sprintf("%s: %s", s.Name, text.Remark(s, true))
}

// conform waits until a server serves, and checks it. Its process is not measured
// afterwards.
func (b *run) conform(ctx context.Context, s *results.Server) error {
	checked := s.Target
	checked.Command = slices.Concat(s.Command, s.CheckFlags)
	return b.With(ctx, checked, func(p *proc.Process) error {
		w := b.Results.Plan.Workloads[0]
		if s.Running() && w.Exchanges == nil {
			return answers(ctx, s, w)
		}
		if !s.Running() {
			if err := p.Serves(ctx, s.Target, w); err != nil {
				return err
			}
		}
		if w.Exchanges != nil {
			return errors.Join(b.Preload(ctx, s.Target, p), p.Failure())
		}
		if !s.Ours() {
			return nil
		}
		var g results.Conformance
		if b.check != nil {
			g = b.check(ctx, p.Addr, s.Target)
		} else {
			g = bench.Conform(ctx, p, s.Target)
		}
		if ctx.Err() != nil {
			return ctx.Err() // some rules were not tried
		}
		s.Rules = &g
		if err := p.Failure(); err != nil {
			return err
		}
		if len(g.Failed) > 0 {
			return fmt.Errorf("fails %d of %d rules; the first: %s: %s", len(g.Failed), g.Total, g.Failed[0].Rule, g.Failed[0].Reason)
		}
		return nil
	})
}

// replaceUnavailable moves the A/A test and the stall check to the first available
// server, if the planned one is not available here.
func (b *run) replaceUnavailable() {
	plan := &b.Results.Plan
	if b.Results.Server(plan.Again).Unavailable == "" {
		return
	}
	if i := slices.IndexFunc(b.Results.Servers, func(s *results.Server) bool { return s.Unavailable == "" }); i >= 0 {
		plan.Again = b.Results.Servers[i].Name
	}
}
