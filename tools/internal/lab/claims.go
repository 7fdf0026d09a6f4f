package lab

import (
	"context"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
)

// claims runs the experiments of the plan that have runs of their own.
func (b *run) claims(ctx context.Context) error {
	for _, id := range b.Results.Plan.Experiments {
		e, ran := experiments.ByID(id), false
		for _, s := range b.Results.Servers {
			if !e.RunsWith(s) {
				continue
			}
			ran = true
			planned := e.Length(b.Results.Plan, s)
			if !e.CanRun(s) {
				b.progress.Finished(planned, "")
				continue
			}
			b.progress.Doing(s.Name, e.ID+" · "+e.Title)
			line, err := e.Measure(ctx, b.Bench, s)
			if err != nil {
				return err
			}
			b.progress.Finished(planned, line)
		}
		if ran {
			b.saved()
		}
	}
	return nil
}
