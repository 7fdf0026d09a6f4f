package lab

import (
	"context"
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// ceiling measures what the generator reaches against a server that does next
// to nothing.
func (b *run) ceiling(ctx context.Context) error {
	plan := b.results.Plan
	switch {
	case !plan.Has(results.Closed) && !plan.Has(results.OpenLoop) && !plan.Has(results.Capacities):
		return nil
	case len(b.null.Command) == 0:
		b.results.Skip("what the load generator reaches: there is no server for that")
		return nil
	}
	planned := againLength(plan)
	b.progress.doing("", "what the load generator can do")
	err := b.with(ctx, b.null, func(p *proc.Process) error {
		if err := b.preload(ctx, b.null, p); err != nil {
			return err
		}
		for i := range plan.Workloads {
			cell, err := b.cell(ctx, &results.Server{Subject: b.null}, p, 0, i)
			if err != nil {
				return err
			}
			b.results.Ceiling = append(b.results.Ceiling, cell)
		}
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		b.results.Skip(fmt.Sprintf("what the load generator reaches: %v", err))
	}
	b.progress.finished(planned, "load generator: "+b.digest(b.results.Ceiling))
	return nil
}
