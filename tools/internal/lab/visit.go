package lab

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

const (
	preloadTimeout = 30 * time.Second
	// settleTime is for the server to accept idle connections.
	settleTime = 50 * time.Millisecond
)

// visit measures a fresh process of the server: with nothing to do, then under
// each workload.
func (b *bench) visit(ctx context.Context, s *Server, round int) error {
	return b.with(ctx, s.Subject, func(p *process) error {
		fresh, freshErr := openDescriptors(p.pid)
		if err := b.preload(ctx, p); err != nil {
			return err
		}
		b.progress.doing(fmt.Sprintf("round %d of %d · %s · idle", round, b.results.Plan.Rounds, s.Name))
		if err := b.idle(ctx, s, p, round); err != nil {
			return err
		}
		for i, w := range b.results.Plan.Workloads {
			b.progress.doing(fmt.Sprintf("round %d of %d · %s · %s", round, b.results.Plan.Rounds, s.Name, workloadName(w)))
			if err := b.cell(ctx, s, p, round, i); err != nil {
				return fmt.Errorf("%s: %w", workloadTitle(w), err)
			}
		}
		for i, w := range b.results.Plan.Open {
			b.progress.doing(fmt.Sprintf("round %d of %d · %s · %s/s", round, b.results.Plan.Rounds, s.Name, thousands(w.Rate)))
			if err := b.openCell(ctx, s, p, round, i); err != nil {
				return fmt.Errorf("%s requests/s: %w", thousands(w.Rate), err)
			}
		}
		if round == 1 && freshErr == nil { // else the system does not tell
			b.progress.doing(fmt.Sprintf("round %d of %d · %s · memory", round, b.results.Plan.Rounds, s.Name))
			if err := b.memory(ctx, s, p, fresh); err != nil {
				return fmt.Errorf("silent connections: %w", err)
			}
		}
		return nil
	})
}

func (b *bench) preload(ctx context.Context, p *process) error {
	ctx, cancel := context.WithTimeoutCause(ctx, preloadTimeout, fmt.Errorf("it takes more than %v", preloadTimeout))
	defer cancel()
	// All workloads have the same keys and values.
	return load.Preload(ctx, load.Config{Addr: p.addr, Workload: b.results.Plan.Workloads[0]})
}

// cell measures one workload.
func (b *bench) cell(ctx context.Context, s *Server, p *process, round, workload int) error {
	plan := b.results.Plan
	run := Cell{Server: s.Name, Round: round, Workload: workload}
	err := b.measure(p, &run, func(begin, end func()) (err error) {
		run.Load, err = load.Run(ctx, load.Config{
			Addr:     p.addr,
			Workload: plan.Workloads[workload],
			Warmup:   plan.Warmup,
			Duration: plan.Cell,
			MayWait:  s.OneAtATime,
			Seed:     plan.seedOf(round, workload),
			Begin:    begin,
			End:      end,
		})
		return err
	})
	if err != nil {
		return err
	}
	b.results.Runs = append(b.results.Runs, run)
	if err := run.Load.Errors.Err(); err != nil && run.Load.Requests == 0 {
		return fmt.Errorf("no right reply: %w", err)
	}
	return nil
}

// measure runs a load and notes in the cell what the server used meanwhile. An
// error means that the cell is worth nothing.
func (b *bench) measure(p *process, cell *Cell, run func(begin, end func()) error) error {
	var before, after usage
	var beforeErr, afterErr error
	err := run(
		func() { before, beforeErr = processUsage(p.pid) },
		func() { after, afterErr = processUsage(p.pid) },
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
	if beforeErr == nil && afterErr == nil && cell.Load.Requests > 0 {
		cell.Resources = after.since(before)
	}
	return nil
}

// idle measures what a server uses that has connections but no requests.
func (b *bench) idle(ctx context.Context, s *Server, p *process, round int) error {
	n := b.results.Plan.IdleConnections
	if s.OneAtATime {
		n = 1
	}
	dialer := net.Dialer{Timeout: startTimeout}
	for range n {
		c, err := dialer.DialContext(ctx, "tcp", p.addr)
		if err != nil {
			return err
		}
		defer c.Close()
	}
	run := IdleCell{Server: s.Name, Round: round, Connections: n}
	if err := sleep(ctx, settleTime); err != nil {
		return err
	}
	began := time.Now()
	before, beforeErr := processUsage(p.pid)
	if err := sleep(ctx, b.results.Plan.Idle); err != nil {
		return err
	}
	after, afterErr := processUsage(p.pid)
	run.Duration = time.Since(began)
	if beforeErr == nil && afterErr == nil {
		run.Resources = after.since(before)
	}
	b.results.Idle = append(b.results.Idle, run)
	return p.failure()
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// digest is a visit in a line.
func (b *bench) digest(s *Server, round int, runs []Cell) string {
	var cells []string
	for _, r := range runs {
		cell := fmt.Sprintf("%s %s/s", workloadName(b.results.Plan.Workloads[r.Workload]), thousands(r.Load.Rate))
		if r.Resources != nil {
			cell += fmt.Sprintf(" %s µs", threeDigits(costOf([]Cell{r}).CPU/1e3))
		}
		cells = append(cells, cell)
	}
	return fmt.Sprintf("round %d of %d: %s: %s", round, b.results.Plan.Rounds, s.Name, strings.Join(cells, " · "))
}
