package lab

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// bench measures one server at a time, for the results of one run.
type bench struct {
	// null is the server that does next to nothing; without a command there is none.
	null    results.Subject
	pins    proc.Pinning
	results *results.Results
}

// with starts a server, does something with it, and stops it.
func (b *bench) with(ctx context.Context, s results.Subject, do func(*proc.Process) error) error {
	return b.withPins(ctx, s, b.pins, do)
}

// withPins is with, on cores that the pins say.
func (b *bench) withPins(ctx context.Context, s results.Subject, pins proc.Pinning, do func(*proc.Process) error) error {
	p, err := proc.Start(ctx, s, pins)
	if err != nil {
		return err
	}
	stopped := false
	defer func() { // where do panics
		if !stopped {
			p.Kill()
		}
	}()
	err = errors.Join(do(p), p.Stop(ctx))
	stopped = true
	return err
}

func (b *bench) preload(ctx context.Context, s results.Subject, p *proc.Process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, preloadTimeout, fmt.Errorf("it takes more than %v", preloadTimeout))
	defer cancel()
	// All workloads have the same keys and values.
	return load.Preload(ctx, load.Config{Addr: p.Addr, Workload: s.Told(b.results.Plan.Workloads[0])})
}

// preloadTimeout is more than the slowest server needs on a busy machine. One that
// does not answer is given up before, by the timeout of its reply.
const preloadTimeout = 90 * time.Second

// cell measures a workload of the closed loop.
func (b *bench) cell(ctx context.Context, s *results.Server, p *proc.Process, round, workload int) (results.Cell, error) {
	plan := b.results.Plan
	w := plan.Workloads[workload]
	cell := results.Cell{Server: s.Name, Round: round, Workload: workload}
	err := b.measure(p, &cell, func(begin, end func()) (err error) {
		cell.Load, err = load.Run(ctx, load.Config{
			Addr:     p.Addr,
			Workload: s.Told(w),
			Warmup:   plan.Warmup,
			Duration: plan.Cell,
			Ceiling:  b.results.CeilingOf(w),
			MayWait:  s.OneAtATime,
			Seed:     plan.SeedOf(round, workload),
			Begin:    begin,
			End:      end,
		})
		return err
	})
	if err != nil {
		return results.Cell{}, err
	}
	if err := cell.Load.Errors.Err(); err != nil && cell.Load.Requests == 0 {
		return cell, fmt.Errorf("no right reply: %w", err)
	}
	return cell, nil
}

// measure runs a load and notes in the cell what the server used meanwhile. An
// error means that the cell is worth nothing.
func (b *bench) measure(p *proc.Process, cell *results.Cell, run func(begin, end func()) error) error {
	m, unknown := proc.NewMeter(p.PID)
	err := run(
		func() {
			if unknown == nil {
				unknown = m.Begin()
			}
		},
		func() {
			if unknown == nil {
				unknown = m.End()
			}
		},
	)
	if err != nil {
		return err
	}
	if cell.Load.Errors.Broken > 0 {
		p.MayBeDying()
	}
	if err := p.Failure(); err != nil {
		return err
	}
	if unknown == nil {
		cell.Steal, cell.Others = m.Besides(p.Pins)
		if cell.Load.Requests > 0 {
			cell.Resources = m.Used
		}
	}
	return nil
}

// offer loads a server in an open loop.
func (b *bench) offer(ctx context.Context, s *results.Server, p *proc.Process, w load.Workload, duration time.Duration, seed uint64) (results.Cell, error) {
	if s.OneAtATime {
		w.Connections = 1
	}
	cell := results.Cell{Server: s.Name}
	err := b.measure(p, &cell, func(begin, end func()) (err error) {
		cell.Load, err = load.Run(ctx, load.Config{
			Addr:     p.Addr,
			Workload: s.Told(w),
			Warmup:   b.results.Plan.Warmup / 2,
			Duration: duration,
			Drain:    openDrain,
			Ceiling:  b.results.CeilingOf(w),
			Spin:     b.pins.On,
			Seed:     seed,
			Begin:    begin,
			End:      end,
		})
		return err
	})
	voidStarved(&cell.Load, cell.Besides())
	return cell, err
}

// trial loads a server for an experiment, and adds what came of it to the
// results. t says which experiment that is, and what is different this time; cfg
// which load, for how long. A workload comes from Plan.mix.
func (b *bench) trial(ctx context.Context, s *results.Server, p *proc.Process, t results.Trial, cfg load.Config) (load.Result, error) {
	cfg.Addr, cfg.Workload = p.Addr, s.Told(cfg.Workload)
	cfg.MayWait = s.OneAtATime
	cfg.Drain = openDrain
	cfg.Spin = cfg.Open() && b.pins.On
	cfg.Seed += b.results.Plan.Seed
	var cell results.Cell
	err := b.measure(p, &cell, func(begin, end func()) (err error) {
		cfg.Begin, cfg.End = begin, end
		cell.Load, err = load.Run(ctx, cfg)
		return err
	})
	if err != nil {
		return load.Result{}, err
	}
	t.Fill(s, &cell)
	b.results.Trials = append(b.results.Trials, t)
	return cell.Load, nil
}

// openDrain is how long the requests of an overloaded server are waited for.
const openDrain = 500 * time.Millisecond

const visitTime = 150 * time.Millisecond // to start, fill and stop one

const minCell = 50 * time.Millisecond

const maxCell = 5 * time.Second

// survive does something, and makes an error of its panic: what was measured
// before is worth having.
func survive(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// voidStarved makes a cell of the open loop void in which the server waited for a
// core that something else had: its response times are the machine's.
func voidStarved(r *load.Result, b results.Besides) {
	for _, why := range []string{b.Stolen(), b.Starved()} {
		if why != "" {
			r.Void = append(r.Void, why)
		}
	}
}
