package lab

import (
	"context"
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
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

// triedRounds is after how many rounds a rate is given up if it told next to nothing in
// them.
const triedRounds = 2

// giveUpRates takes the rates that tell next to nothing here out of the rounds that
// follow, and notes it. It is called at the end of a round.
func (b *run) giveUpRates(round int) {
	if round != triedRounds || round == b.Results.Plan.Rounds {
		return
	}
	for i, w := range b.Results.Plan.Open {
		if mostlyVoid(b.Results.Open, i) {
			b.givenUp[i] = true
			b.Results.Skip(fmt.Sprintf("%s requests/s in more than %d rounds: in these, over three quarters of the measurements were void", format.Thousands(w.Rate), triedRounds))
		}
	}
}

// mostlyVoid reports whether over three quarters of the measurements of an open workload
// are void. A server that did not keep the rate is not void: it tells that.
func mostlyVoid(open []results.Cell, workload int) bool {
	void, all := 0, 0
	for _, c := range open {
		if c.Workload == workload {
			all++
			if len(c.Load.Void) > 0 {
				void++
			}
		}
	}
	return 4*void > 3*all
}
