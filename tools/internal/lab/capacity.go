package lab

import (
	"context"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// capacitySearch configures the search for a capacity. The search doubles or halves the
// first rate until one rate is kept and the next is not. Then it halves the interval
// between these two until they are near to each other.
type capacitySearch struct {
	first, least float64 // requests per second
	near         float64 // the quotient of the two rates at the end
	repeats      int
	requests     float64 // the least in a repeat: enough for a p99
}

var carefulSearch = capacitySearch{first: 4_000, least: 250, near: 1.05, repeats: results.CapacityRepeats, requests: 1_500}

// capacities finds the highest rate that each server keeps within the SLO.
func (b *run) capacities(ctx context.Context) error {
	plan := b.Results.Plan
	if !plan.Has(results.Capacities) {
		return nil
	}
	return b.eachServer(ctx, fmt.Sprintf("capacity with p99 within %v", plan.SLO), func(s *results.Server) time.Duration { return capacityTime(plan, s) }, func(s *results.Server, p *proc.Process) (string, error) {
		if err := b.Preload(ctx, s.Target, p); err != nil {
			return "", err
		}
		found := results.Capacity{Server: s.Name}
		err := b.search(ctx, s, p, &found)
		if len(found.Tries) > 0 {
			b.Results.Capacity = append(b.Results.Capacity, found)
		}
		return fmt.Sprintf("%s: %s requests/s with p99 within %v", s.Name, format.Thousands(found.Rate), plan.SLO), err
	})
}

func (b *run) search(ctx context.Context, s *results.Server, p *proc.Process, found *results.Capacity) error {
	kept, failed := 0.0, 0.0
	for rate := b.capacity.first; ; {
		b.progress.Doing(s.Name, format.Thousands(rate)+"/s · capacity")
		try, unsure, err := b.try(ctx, s, p, rate, len(found.Tries))
		if len(try.Runs) > 0 {
			found.Tries = append(found.Tries, try)
		}
		if err != nil {
			return err
		}
		if try.Fail == "" {
			kept = rate
			found.Rate = rate
		} else {
			failed = rate
			found.LowerBound = unsure
		}
		switch {
		case failed == 0:
			rate *= 2
		case kept == 0 && failed <= b.capacity.least, kept > 0 && failed <= kept*b.capacity.near:
			return nil
		case kept == 0:
			rate /= 2
		default:
			rate = (kept + failed) / 2
		}
	}
}

// try offers a rate several times. unsure: the failure says more about the generator than
// about the server.
func (b *run) try(ctx context.Context, s *results.Server, p *proc.Process, rate float64, n int) (try results.Try, unsure bool, err error) {
	plan := b.Results.Plan
	w := plan.Open[0]
	w.Rate = rate
	try.Rate = rate
	duration := max(plan.Cell, format.Seconds(b.capacity.requests/rate))
	for i := range b.capacity.repeats {
		cell, err := b.Offer(ctx, s, p, w, duration, plan.OpenSeed(plan.Rounds+1+n, i))
		if err != nil {
			return try, false, err
		}
		try.Runs = append(try.Runs, cell)
		if try.Fail = beyond(cell.Load, plan.SLO); try.Fail != "" {
			return try, len(cell.Load.Void) > 0 && cell.Load.Errors.Count() == 0, nil
		}
	}
	return try, false, nil
}

// beyond returns why a run was not within the SLO, or "". A void run may be within it,
// because a late generator makes response times longer, not shorter.
func beyond(r load.Result, slo time.Duration) string {
	p99 := r.Response.P99
	if p99 == 0 {
		p99 = r.Response.Max // with too few requests for a p99, no request may exceed the SLO
	}
	switch {
	case r.Errors.Count() > 0:
		return r.Errors.Err().Error()
	case !r.Kept():
		return fmt.Sprintf("of %d requests that were due, %d were answered in time", r.Offered, r.Requests)
	case p99 > slo:
		return fmt.Sprintf("p99 was %v", p99)
	}
	return ""
}
