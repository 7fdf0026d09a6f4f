package charts

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// point is a model's response time at a rate.
type point struct {
	rate     float64
	p50, p99 float64 // in ns; 0: too few requests
	void     bool    // p99 says nothing about the server
	blind    bool    // p50 and kept say nothing about the server either
	missing  bool    // not measured, so void and blind, too
	kept     bool    // the server kept the rate
}

// openRates returns the plan's rates of the open loop, in ascending order.
func openRates(r *results.Results) []float64 {
	var all []float64
	for _, w := range r.Plan.Open {
		all = append(all, w.Rate)
	}
	slices.Sort(all)
	return all
}

// points returns a model's response times at the plan's rates, in ascending order of
// the rates.
func points(r *results.Results, server string) []point {
	var all []point
	for i, w := range r.Plan.Open {
		p := point{rate: w.Rate, void: true, blind: true, missing: true}
		if sum := r.OpenSummaryOf(server, i); sum != nil {
			p = point{
				rate: w.Rate, p50: float64(sum.P50), p99: float64(sum.Response.P99),
				void: sum.Rounds == 0, blind: sum.MedianRounds == 0, kept: sum.Kept,
			}
		}
		all = append(all, p)
	}
	slices.SortStableFunc(all, func(a, b point) int { return cmp.Compare(a.rate, b.rate) })
	return all
}

// tried returns the steps of the search for a capacity. A void step at which the
// server kept the rate counts as valid, because the generator's lateness can only have
// made times longer.
func tried(c *results.Capacity) ([]point, error) {
	var all []point
	for _, t := range c.Tries {
		var times []load.Times
		p := point{rate: t.Rate, kept: true, void: len(t.Runs) == 0}
		for _, run := range t.Runs {
			times = append(times, run.Load.Response)
			p.kept = p.kept && run.Load.Kept()
			p.void = p.void || t.Fail != "" && len(run.Load.Void) > 0
		}
		p.blind = p.void
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
