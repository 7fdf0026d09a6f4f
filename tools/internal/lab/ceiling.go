package lab

import (
	"context"
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// ceiling measures the rate that the generator reaches against a server that does next
// to nothing.
func (b *run) ceiling(ctx context.Context) error {
	plan := b.Results.Plan
	switch {
	case !plan.Has(results.Closed) && !plan.Has(results.OpenLoop) && !plan.Has(results.Capacities):
		return nil
	case len(b.Null.Command) == 0:
		b.Results.Skip("the load generator's ceiling: there is no server to measure it with")
		return nil
	}
	planned := againLength(plan)
	b.progress.Doing("", "the load generator's ceiling")
	err := b.With(ctx, b.Null, func(p *proc.Process) error {
		if err := b.Preload(ctx, b.Null, p); err != nil {
			return err
		}
		for i := range plan.Workloads {
			cell, err := b.Cell(ctx, &results.Server{Target: b.Null}, p, 0, i)
			if err != nil {
				return err
			}
			b.Results.Ceiling = append(b.Results.Ceiling, cell)
		}
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		b.Results.Skip(fmt.Sprintf("the load generator's ceiling: %v", err))
	}
	b.progress.Finished(planned, "load generator: "+b.digest(b.Results.Ceiling))
	return nil
}
