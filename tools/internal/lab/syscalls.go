package lab

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// syscalls counts each server's system calls.
func (b *run) syscalls(ctx context.Context) error {
	plan := b.Results.Plan
	if !plan.Has(results.Syscalls) {
		return nil
	}
	all := proc.Tracers()
	if len(all) == 0 {
		b.Results.Skip("system calls: there is nothing here to count them with")
	}
	var reasons []error
	return b.eachServer(ctx, "system calls", func(s *results.Server) time.Duration { return syscallTime(plan, s) }, func(s *results.Server, p *proc.Process) (string, error) {
		if len(all) == 0 {
			return "", nil
		}
		if err := b.Preload(ctx, s.Target, p); err != nil {
			return "", err
		}
		var cells []results.SyscallCell
		for w := range min(results.SyscallWorkloads, len(plan.Workloads)) {
			for len(all) > 0 {
				cell, err := b.countCalls(ctx, all[0], s, p, w)
				if err == nil {
					cells = append(cells, cell)
					break
				}
				if p.Failure() != nil || ctx.Err() != nil {
					return "", err
				}
				// This tracer will not be permitted for another server either.
				reasons = append(reasons, err)
				all = all[1:]
				if len(all) == 0 {
					b.Results.Skip("system calls: " + strings.ReplaceAll(errors.Join(reasons...).Error(), "\n", "; "))
				}
			}
		}
		b.Results.Syscalls = append(b.Results.Syscalls, cells...)
		return fmt.Sprintf("%s: system calls: %s", s.Name, b.callDigest(cells)), nil
	})
}

// countCalls counts the server's system calls under a workload.
func (b *run) countCalls(ctx context.Context, t proc.Tracer, s *results.Server, p *proc.Process, workload int) (results.SyscallCell, error) {
	plan := b.Results.Plan
	watched := t.Watch(ctx, p.PID, proc.CallsOf(s.Target, models.VariantOf(s.Target).Syscalls))
	r, err := generator.Run(ctx, generator.Config{
		Addr:     p.Addr,
		Workload: s.Told(plan.Workloads[workload]),
		Warmup:   plan.Warmup,
		Duration: plan.Idle,
		MayWait:  s.OneAtATime,
		Seed:     plan.Seed,
		Begin:    watched.Begin, // after the warm-up, when the server has all its threads
		End:      watched.End,
	})
	calls, countErr := watched.Counts()
	if err := errors.Join(err, countErr); err != nil {
		return results.SyscallCell{}, fmt.Errorf("%s: %w", t.Name(), err)
	}
	return results.SyscallCell{Server: s.Name, Workload: workload, Method: t.Name(), Requests: r.Requests, Seconds: r.Seconds, Calls: calls}, nil
}

func (b *run) callDigest(cells []results.SyscallCell) string {
	var all []string
	for _, c := range cells {
		all = append(all, fmt.Sprintf("%s: %s", text.WorkloadName(b.Results.Plan.Workloads[c.Workload]), c))
	}
	return strings.Join(all, " · ")
}
