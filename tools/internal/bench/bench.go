// Package bench measures one server once. It starts the server, checks it, runs the load
// generator against it, and notes what the server used meanwhile.
package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Bench measures one server at a time, and adds the measurements to the results of one
// run.
type Bench struct {
	// Null is the server that does next to nothing. It has no command if there is none.
	Null    results.Target
	Pins    proc.Pinning
	Results *results.Results
}

// With starts a server, calls do with its process, and stops it. If the server runs
// already, With does no more than call do.
func (b *Bench) With(ctx context.Context, s results.Target, do func(*proc.Process) error) error {
	return b.WithPins(ctx, s, b.Pins, do)
}

// WithPins is With, on the cores of pins.
func (b *Bench) WithPins(ctx context.Context, s results.Target, pins proc.Pinning, do func(*proc.Process) error) error {
	if s.Running() {
		return do(proc.At(s.Addr))
	}
	p, err := proc.Start(ctx, s, pins)
	if err != nil {
		return err
	}
	stopped := false
	defer func() { // if do panics
		if !stopped {
			p.Kill()
		}
	}()
	err = errors.Join(do(p), p.Stop(ctx))
	stopped = true
	return err
}

// Preload stores the keys of all workloads, or tries their exchanges.
func (b *Bench) Preload(ctx context.Context, s results.Target, p *proc.Process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, PreloadTimeout, fmt.Errorf("storing the keys, or trying the exchanges, takes more than %v", PreloadTimeout))
	defer cancel()
	return generator.Preload(ctx, generator.Config{Addr: p.Addr, Workload: s.Told(b.Results.Plan.Workloads[0])})
}

// PreloadTimeout is more than the slowest server needs on a busy machine. The reply
// timeout ends the preload of a silent server earlier.
const PreloadTimeout = 90 * time.Second

// Cell measures one workload of the closed loop.
func (b *Bench) Cell(ctx context.Context, s *results.Server, p *proc.Process, round, workload int) (results.Cell, error) {
	plan := b.Results.Plan
	w := plan.Workloads[workload]
	cell := results.Cell{Server: s.Name, Round: round, Workload: workload}
	err := b.Measure(p, &cell, func(begin, end func()) (err error) {
		cell.Load, err = generator.Run(ctx, generator.Config{
			Addr:     p.Addr,
			Workload: s.Told(w),
			Warmup:   plan.Warmup,
			Duration: plan.Cell,
			Ceiling:  b.Results.CeilingOf(w),
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

// Measure runs a load and notes in the cell what the server used meanwhile. After an
// error the cell is worth nothing.
func (b *Bench) Measure(p *proc.Process, cell *results.Cell, run func(begin, end func()) error) error {
	m, unknown := (*proc.Meter)(nil), errors.ErrUnsupported
	if p.PID != 0 {
		m, unknown = proc.NewMeter(p.PID)
	}
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

// Offer measures a server in an open loop.
func (b *Bench) Offer(ctx context.Context, s *results.Server, p *proc.Process, w load.Workload, duration time.Duration, seed uint64) (results.Cell, error) {
	if s.OneAtATime {
		w.Connections = 1
	}
	cell := results.Cell{Server: s.Name}
	err := b.Measure(p, &cell, func(begin, end func()) (err error) {
		cell.Load, err = generator.Run(ctx, generator.Config{
			Addr:     p.Addr,
			Workload: s.Told(w),
			Warmup:   b.Results.Plan.Warmup / 2,
			Duration: duration,
			Drain:    OpenDrain,
			Ceiling:  b.Results.CeilingOf(w),
			Spin:     b.Pins.On,
			Seed:     seed,
			Begin:    begin,
			End:      end,
		})
		return err
	})
	voidStarved(&cell.Load, cell.Besides())
	return cell, err
}

// Trial measures a server for an experiment, and adds the trial to the results. t names
// the experiment and its case. cfg has the load and its length; its workload comes from
// Plan.Mix.
func (b *Bench) Trial(ctx context.Context, s *results.Server, p *proc.Process, t results.Trial, cfg generator.Config) (load.Result, error) {
	cfg.Addr, cfg.Workload = p.Addr, s.Told(cfg.Workload)
	cfg.MayWait = cfg.MayWait || s.OneAtATime
	cfg.Drain = OpenDrain
	cfg.Spin = cfg.Open() && b.Pins.On
	cfg.Seed += b.Results.Plan.Seed
	var cell results.Cell
	err := b.Measure(p, &cell, func(begin, end func()) (err error) {
		cfg.Begin, cfg.End = begin, end
		cell.Load, err = generator.Run(ctx, cfg)
		return err
	})
	if err != nil {
		return load.Result{}, err
	}
	t.Fill(s, &cell)
	b.Results.Trials = append(b.Results.Trials, t)
	return cell.Load, nil
}

// OpenDrain is the longest wait for the replies of an overloaded server.
const OpenDrain = 500 * time.Millisecond

// StartStopTime is about the time to start a server, to preload and to stop it. Plans add
// it to the measured times; the estimate of the time left corrects itself as the run goes
// on.
const StartStopTime = 150 * time.Millisecond

// A cell lasts from MinCell to MaxCell. A server that serves one client at a time closes a
// client after 10 s if others wait, and after 5 s of silence. So a cell must be shorter.
const (
	MinCell = 50 * time.Millisecond
	MaxCell = 5 * time.Second
)

// Survive calls do, and returns its panic as an error, because the results measured
// before are worth having.
func Survive(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n\n%s", p, debug.Stack())
		}
	}()
	return do()
}

// voidStarved makes a cell of the open loop void if its server waited for a core that
// another program used, because its response times are the machine's.
func voidStarved(r *load.Result, b results.Besides) {
	for _, why := range []string{b.Stolen(), b.Starved()} {
		if why != "" {
			r.Void = append(r.Void, why)
		}
	}
}
