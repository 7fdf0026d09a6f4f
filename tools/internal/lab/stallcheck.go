package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// The server is stopped in the middle of a window.
const (
	stopFrom   = 500 * time.Millisecond
	stopFor    = 2 * time.Second
	stopWindow = 3 * time.Second
	stopRate   = 2_000 // requests per second in the open loop
)

// stallCheck stops a server for a while, under an open and a closed loop at the same
// time. If the open loop does not show the stop, the lab's figures hide stalls.
func (b *run) stallCheck(ctx context.Context) error {
	if !b.Results.Plan.Has(results.Stall) {
		return nil
	}
	s := b.Results.Server(b.Results.Plan.Again)
	if s.Out() || s.OneAtATime {
		b.Results.Skip("the stall check: " + s.Name + " does not serve two clients here")
		b.progress.Finished(stallCheckTime, "")
		return nil
	}
	b.progress.Doing(s.Name, "stopped · stall check")
	check := &results.StallCheck{Server: s.Name, From: stopFrom, Stopped: stopFor}
	err := b.With(ctx, s.Target, func(p *proc.Process) error {
		if err := b.Preload(ctx, s.Target, p); err != nil {
			return err
		}
		return b.stopUnderLoad(ctx, s.Target, p, check)
	})
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, errors.ErrUnsupported):
		b.Results.Skip("the stall check: this system cannot stop a process")
	case err != nil:
		b.Results.Skip(fmt.Sprintf("the stall check: %v", err))
	default:
		b.Results.StallCheck = check
	}
	b.progress.Finished(stallCheckTime, stallCheckDigest(check))
	return nil
}

const stallCheckTime = stopWindow + 400*time.Millisecond

func (b *run) stopUnderLoad(ctx context.Context, s results.Target, p *proc.Process, check *results.StallCheck) error {
	closed := s.Told(load.DefaultWorkload().Of(b.Results.Plan.Workloads[0].Exchanges))
	open := closed
	open.Connections, open.Rate, open.Arrivals = 10, stopRate, load.Constant
	type outcome struct {
		result load.Result
		err    error
	}
	begun := make(chan struct{})
	run := func(w load.Workload, begin func()) chan outcome {
		done := make(chan outcome, 1)
		go func() {
			r, err := generator.Run(ctx, generator.Config{
				Addr: p.Addr, Workload: w, Warmup: 200 * time.Millisecond, Duration: stopWindow,
				Drain: bench.OpenDrain, Seed: b.Results.Plan.Seed, Begin: begin,
			})
			done <- outcome{r, err}
		}()
		return done
	}
	// Neither spins, because they share the core.
	openDone, closedDone := run(open, func() { close(begun) }), run(closed, nil)
	var stopErr error
	select {
	case <-begun:
		stopErr = proc.Pause(ctx, p, stopFrom, stopFor)
	case o := <-openDone:
		openDone <- o // the open loop failed before its window
	}
	o, c := <-openDone, <-closedDone
	check.Open, check.Closed = o.result, c.result
	return errors.Join(stopErr, o.err, c.err, check.Open.Errors.Err(), check.Closed.Errors.Err())
}

func stallCheckDigest(p *results.StallCheck) string {
	return fmt.Sprintf("%s, stopped for %v: p99 %s in the open loop, %s in the closed one", p.Server, p.Stopped,
		format.Latency(p.Open.Response.P99), format.Latency(p.Closed.Response.P99))
}
