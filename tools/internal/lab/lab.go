package lab

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"
)

// Config is what Run needs to know.
type Config struct {
	Subjects []Subject
	Rounds   int
	// Cell is how long each workload is measured in a round.
	Cell time.Duration
	// Seed makes the order of the servers and the sequences of requests.
	Seed uint64
	// NoPin leaves it to the system what runs on which core.
	NoPin bool
	// Progress is told how far the run is. May be nil.
	Progress *Progress

	// check is conform, but in tests, and memory memorySteps.
	check  func(ctx context.Context, addr string, s Subject) Gate
	memory []int
}

// bench is a run of the lab.
type bench struct {
	check    func(ctx context.Context, addr string, s Subject) Gate
	progress *Progress
	pins     pinning
	results  *Results
}

// Run checks the subjects and measures them. What is wrong with a server is
// part of the results. An error means that the lab could not do its work, or
// was interrupted; if results are not nil, they hold what was measured so far.
func Run(ctx context.Context, cfg Config) (*Results, error) {
	if err := distinct(cfg.Subjects); err != nil {
		return nil, err
	}
	plan, err := newPlan(cfg.Subjects, cfg.Seed, cfg.Rounds, cfg.Cell)
	if err != nil {
		return nil, err
	}
	if cfg.memory != nil {
		plan.Memory = cfg.memory
	}
	procs := runtime.GOMAXPROCS(0)
	b := &bench{check: cfg.check, progress: cfg.Progress}
	if b.check == nil {
		b.check = conform
	}
	if b.progress == nil {
		b.progress = new(Progress)
	}
	if !cfg.NoPin {
		var unpin func()
		if b.pins, unpin, err = pinSelf(); err != nil {
			return nil, fmt.Errorf("pin the lab to a core: %w", err)
		}
		defer unpin()
	}
	b.results = &Results{
		Schema:      Schema,
		Started:     time.Now(),
		Environment: environment(procs, b.pins),
		Plan:        plan,
	}
	for _, s := range cfg.Subjects {
		b.results.Servers = append(b.results.Servers, &Server{Subject: s})
	}

	before, known := readClocks()
	err = b.run(ctx)
	if after, ok := readClocks(); known && ok {
		b.results.Environment.disturbed(before, after)
	}
	b.results.Finished = time.Now()
	b.results.Complete = err == nil
	b.results.Summary = summarize(b.results.Servers, plan, b.results.Runs)
	var mergeErr error
	b.results.OpenSummary, mergeErr = summarizeOpen(b.results.Servers, plan, b.results.Open)
	return b.results, errors.Join(err, mergeErr)
}

func (b *bench) run(ctx context.Context) error {
	plan := b.results.Plan
	servers := len(b.results.Servers)
	b.progress.start(time.Duration(servers)*gateTime + time.Duration(servers*plan.Rounds)*plan.visit() + time.Duration(servers)*memoryTime)
	defer b.progress.end()
	for _, s := range b.results.Servers {
		b.progress.doing("checking " + s.Name)
		err := b.gate(ctx, s)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		b.progress.finished(gateTime, b.disqualify(s, err, fmt.Sprintf("%s: %v rules", s.Name, s.Rules)))
	}
	for i, order := range plan.Order {
		for _, name := range order {
			s := b.results.server(name)
			if s.DNF != "" {
				b.progress.finished(plan.visit(), "")
				continue
			}
			first := len(b.results.Runs)
			err := b.visit(ctx, s, i+1)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			b.progress.finished(plan.visit(), b.disqualify(s, err, b.digest(s, i+1, b.results.Runs[first:])))
		}
	}
	return nil
}

// disqualify notes the error that keeps a server from being measured, if there
// is one. It returns what to tell: that, or else the given line.
func (b *bench) disqualify(s *Server, err error, line string) string {
	if err == nil {
		return line
	}
	s.DNF = err.Error()
	return fmt.Sprintf("%s: %s", s.Name, remark(s, true))
}

// gate checks a server, in a process that is not measured afterwards.
func (b *bench) gate(ctx context.Context, s *Server) error {
	checked := s.Subject
	checked.Command = slices.Concat(s.Command, s.CheckFlags)
	return b.with(ctx, checked, func(p *process) error {
		g := b.check(ctx, p.addr, s.Subject)
		if ctx.Err() != nil {
			return ctx.Err() // what it could not try, it counts as failed
		}
		s.Rules = &g
		if err := p.failure(); err != nil {
			return err
		}
		if len(g.Failed) > 0 {
			return fmt.Errorf("fails %d of %d rules; the first: %s: %s", len(g.Failed), g.Total, g.Failed[0].Rule, g.Failed[0].Reason)
		}
		return nil
	})
}

// with starts a server, does something with it, and stops it.
func (b *bench) with(ctx context.Context, s Subject, do func(*process) error) error {
	p, err := startProcess(ctx, s, b.pins)
	if err != nil {
		return err
	}
	return errors.Join(do(p), p.stop(ctx))
}
