package lab

import (
	"context"
	"fmt"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// measureServer measures a fresh process of the server under each workload. again: it is
// the second time in this round, which measures closed loops only. The returned line has
// the figures of the closed loops.
func (b *run) measureServer(ctx context.Context, s *results.Server, round int, again bool) (string, error) {
	plan := b.Results.Plan
	cells := &b.Results.Runs
	name := s.Name
	if again {
		cells = &b.Results.Again
		name += " again"
	}
	first := len(*cells)
	doing := func(what string) {
		if again {
			what += " · again"
		}
		b.progress.Doing(s.Name, fmt.Sprintf("%s · round %d of %d", what, round, plan.Rounds))
	}
	err := b.With(ctx, s.Target, func(p *proc.Process) error {
		doing(map[bool]string{true: "try the exchanges", false: "store the keys"}[plan.Workloads[0].Exchanges != nil])
		if err := b.Preload(ctx, s.Target, p); err != nil {
			return err
		}
		if plan.Has(results.Closed) {
			for i, w := range plan.Workloads {
				doing(text.WorkloadName(w))
				cell, err := b.Cell(ctx, s, p, round, i)
				if cell.Load.Seconds > 0 {
					*cells = append(*cells, cell)
				}
				if err != nil {
					return fmt.Errorf("%s: %w", text.WorkloadTitle(w), err)
				}
			}
		}
		if plan.Has(results.OpenLoop) && !again {
			for i, w := range plan.Open {
				if b.givenUp[i] {
					continue
				}
				doing(format.Thousands(w.Rate) + "/s")
				if err := b.openCell(ctx, s, p, round, i); err != nil {
					return fmt.Errorf("%s requests/s: %w", format.Thousands(w.Rate), err)
				}
			}
		}
		return nil
	})
	return fmt.Sprintf("round %d of %d: %s: %s", round, plan.Rounds, name, b.digest((*cells)[first:])), err
}

// digest returns cells of the closed loop as one line.
func (b *run) digest(cells []results.Cell) string {
	var all []string
	for _, c := range cells {
		text := fmt.Sprintf("%s %s/s", text.WorkloadName(b.Results.Plan.Workloads[c.Workload]), format.Thousands(c.Load.Rate))
		if c.Resources != nil {
			text += fmt.Sprintf(" %s µs", format.ThreeDigits(results.CostOf([]results.Cell{c}).CPU/1e3))
		}
		all = append(all, text)
	}
	return strings.Join(all, " · ")
}
