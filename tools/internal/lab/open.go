package lab

import (
	"context"

	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// openCell measures one of the open workloads. A server that serves one client at a time
// gets all requests from one client.
func (b *run) openCell(ctx context.Context, s *results.Server, p *proc.Process, round, workload int) error {
	plan := b.Results.Plan
	cell, err := b.Offer(ctx, s, p, plan.Open[workload], plan.OpenCell, plan.OpenSeed(round, workload))
	if err != nil {
		return err
	}
	cell.Round, cell.Workload = round, workload
	b.Results.Open = append(b.Results.Open, cell)
	return nil
}
