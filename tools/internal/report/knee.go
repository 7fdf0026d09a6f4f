package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// point is a model's response time at a rate.
type point struct {
	rate     float64
	p50, p99 float64 // in ns; 0: too few requests to say
	void     bool    // it says nothing about the server
	missing  bool    // it was not measured, and so is void
	kept     bool
}

// points returns a model's response times at the plan's rates, from low to
// high.
func points(r *lab.Results, server string) []point {
	var all []point
	for i, w := range r.Plan.Open {
		p := point{rate: w.Rate, void: true, missing: true}
		if sum := r.OpenSummaryOf(server, i); sum != nil {
			p = point{
				rate: w.Rate, p50: float64(sum.Response.P50), p99: float64(sum.Response.P99),
				void: sum.Rounds == 0, kept: sum.Kept,
			}
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b point) int { return cmp.Compare(a.rate, b.rate) })
	return all
}

// capacityOf returns what the search for a model's capacity has found, or nil.
func capacityOf(r *lab.Results, server string) *lab.Capacity {
	i := slices.IndexFunc(r.Capacity, func(c lab.Capacity) bool { return c.Server == server })
	if i < 0 {
		return nil
	}
	return &r.Capacity[i]
}

// tried returns the steps of the search for a capacity. A void one that was
// kept is no void: the generator's lateness can only have made times longer.
func tried(c *lab.Capacity) ([]point, error) {
	var all []point
	for _, t := range c.Tries {
		var times []load.Times
		p := point{rate: t.Rate, kept: true, void: len(t.Runs) == 0}
		for _, run := range t.Runs {
			times = append(times, run.Load.Response)
			p.kept = p.kept && run.Load.Kept()
			p.void = p.void || t.Fail != "" && len(run.Load.Void) > 0
		}
		sum, err := load.Merge(times...)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Server, err)
		}
		p.p50, p.p99 = float64(sum.P50), float64(sum.P99)
		if p.p99 == 0 {
			p.p99 = float64(sum.Max) // too few requests for a p99: the search judges by all of them
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b point) int { return cmp.Compare(a.rate, b.rate) })
	return all, nil
}

// knee is where a server stops to keep up.
type knee struct {
	// rate was kept, 0: none was; and next was not, 0: none is known.
	rate, next float64
	// p99 at the rate, in ns. 0: not known.
	p99 float64
	// near: nothing was left out between the two.
	near bool
	// bound: next says nothing about the server.
	bound bool
	// found: there is one, as far as was measured.
	found    bool
	measured bool
}

// kneeOf finds it by capacity, if that was searched for, else among the plan's
// rates: the last that was kept before the first that was not.
func kneeOf(c *lab.Capacity, planned, tries []point) knee {
	if c != nil {
		k := knee{rate: c.Rate, bound: c.LowerBound, near: true, found: true, measured: true}
		if t := lowestFailure(c); t != nil {
			k.next = t.Rate
		}
		for _, p := range tries {
			if p.rate == c.Rate {
				k.p99 = p.p99
			}
		}
		return k
	}
	k := knee{near: true}
	for _, p := range planned {
		k.measured = k.measured || !p.missing
		switch {
		case p.void:
			k.near = false
		case !p.kept:
			k.next, k.found = p.rate, true
			return k
		default:
			k.rate, k.p99, k.near = p.rate, p.p99, true
		}
	}
	return k
}

// lowestFailure returns the try with the lowest rate that was not kept within
// the SLO, or nil.
func lowestFailure(c *lab.Capacity) *lab.Try {
	var lowest *lab.Try
	for i := range c.Tries {
		if t := &c.Tries[i]; t.Fail != "" && (lowest == nil || t.Rate < lowest.Rate) {
			lowest = t
		}
	}
	return lowest
}

// String is short enough for the head of a plot.
func (k knee) String() string {
	switch {
	case !k.measured:
		return "not measured"
	case !k.found && k.rate == 0:
		return "VOID at all rates"
	case !k.found:
		return "no knee to " + thousands(k.rate) + "/s"
	case k.rate == 0 && k.next > 0:
		return "knee below " + thousands(k.next) + "/s"
	case k.bound:
		return "knee ≥ " + thousands(k.rate) + "/s"
	case !k.near:
		return "knee " + thousands(k.rate) + "–" + thousands(k.next) + "/s"
	default:
		return "knee " + thousands(k.rate) + "/s"
	}
}
