package lab

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// preloadTimeout is more than the slowest server needs on a busy machine. One that
// does not answer is given up before, by the timeout of its reply.
const preloadTimeout = 90 * time.Second

// visit measures a fresh process of the server under each workload; the second
// time in a round, the closed ones only. It returns the closed ones in a line.
func (b *run) visit(ctx context.Context, s *Server, round int, again bool) (string, error) {
	plan := b.results.Plan
	cells := &b.results.Runs
	name := s.Name
	if again {
		cells = &b.results.Again
		name += " again"
	}
	first := len(*cells)
	doing := func(what string) {
		if again {
			what += " · again"
		}
		b.progress.doing(s.Name, fmt.Sprintf("%s · round %d of %d", what, round, plan.Rounds))
	}
	err := b.with(ctx, s.Subject, func(p *process) error {
		doing("store the keys")
		if err := b.preload(ctx, s.Subject, p); err != nil {
			return err
		}
		if plan.has(Closed) {
			for i, w := range plan.Workloads {
				doing(WorkloadName(w))
				cell, err := b.cell(ctx, s, p, round, i)
				if cell.Load.Seconds > 0 {
					*cells = append(*cells, cell)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", WorkloadTitle(w), err)
				}
			}
		}
		if plan.has(OpenLoop) && !again {
			for i, w := range plan.Open {
				doing(thousands(w.Rate) + "/s")
				if err := b.openCell(ctx, s, p, round, i); err != nil {
					return fmt.Errorf("%s requests/s: %w", thousands(w.Rate), err)
				}
			}
		}
		return nil
	})
	return fmt.Sprintf("round %d of %d: %s: %s", round, plan.Rounds, name, b.digest((*cells)[first:])), err
}

func (b *bench) preload(ctx context.Context, s Subject, p *process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, preloadTimeout, fmt.Errorf("it takes more than %v", preloadTimeout))
	defer cancel()
	// All workloads have the same keys and values.
	return load.Preload(ctx, load.Config{Addr: p.addr, Workload: s.told(b.results.Plan.Workloads[0])})
}

// cell measures a workload of the closed loop.
func (b *bench) cell(ctx context.Context, s *Server, p *process, round, workload int) (Cell, error) {
	plan := b.results.Plan
	w := plan.Workloads[workload]
	cell := Cell{Server: s.Name, Round: round, Workload: workload}
	err := b.measure(p, &cell, func(begin, end func()) (err error) {
		cell.Load, err = load.Run(ctx, load.Config{
			Addr:     p.addr,
			Workload: s.told(w),
			Warmup:   plan.Warmup,
			Duration: plan.Cell,
			Ceiling:  b.results.ceilingOf(w),
			MayWait:  s.OneAtATime,
			Seed:     plan.seedOf(round, workload),
			Begin:    begin,
			End:      end,
		})
		return err
	})
	if err != nil {
		return Cell{}, err
	}
	if err := cell.Load.Errors.Err(); err != nil && cell.Load.Requests == 0 {
		return cell, fmt.Errorf("no right reply: %w", err)
	}
	return cell, nil
}

// measure runs a load and notes in the cell what the server used meanwhile. An
// error means that the cell is worth nothing.
func (b *bench) measure(p *process, cell *Cell, run func(begin, end func()) error) error {
	m, unknown := newMeter(p.pid)
	err := run(
		func() {
			if unknown == nil {
				unknown = m.begin()
			}
		},
		func() {
			if unknown == nil {
				unknown = m.end()
			}
		},
	)
	if err != nil {
		return err
	}
	if cell.Load.Errors.Broken > 0 {
		p.mayBeDying()
	}
	if err := p.failure(); err != nil {
		return err
	}
	if unknown == nil {
		cell.Steal, cell.Others = m.besides(p.pins)
		if cell.Load.Requests > 0 {
			cell.Resources = m.used
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// digest is cells of the closed loop in a line.
func (b *run) digest(cells []Cell) string {
	var all []string
	for _, c := range cells {
		text := fmt.Sprintf("%s %s/s", WorkloadName(b.results.Plan.Workloads[c.Workload]), thousands(c.Load.Rate))
		if c.Resources != nil {
			text += fmt.Sprintf(" %s µs", threeDigits(costOf([]Cell{c}).CPU/1e3))
		}
		all = append(all, text)
	}
	return strings.Join(all, " · ")
}
