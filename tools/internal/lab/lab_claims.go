package lab

import "context"

// claims runs the plan's experiments that have runs of their own.
func (b *run) claims(ctx context.Context) error {
	for _, id := range b.Results.Plan.Experiments {
		e, ran := experiment(id), false
		for _, s := range b.Results.Servers {
			if !e.runsWith(s) {
				continue
			}
			ran = true
			planned := e.length(b.Results.Plan, s)
			if !e.canRun(s) {
				b.progress.finished(planned, "")
				continue
			}
			b.progress.doing(s.Name, e.ID+" · "+e.Title)
			line, err := e.measure(ctx, b.Bench, s)
			if err != nil {
				return err
			}
			b.progress.finished(planned, line)
		}
		if ran {
			b.saved()
		}
	}
	return nil
}
