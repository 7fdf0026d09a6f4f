package report

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// cells returns the rounds of a server under a workload, in their order.
func cells(r *results.Results, server string, workload int) []results.Cell {
	var mine []results.Cell
	for _, c := range r.Runs {
		if c.Server == server && c.Workload == workload {
			mine = append(mine, c)
		}
	}
	slices.SortStableFunc(mine, func(a, b results.Cell) int { return cmp.Compare(a.Round, b.Round) })
	return mine
}

// costs returns the server's CPU time per request, in µs, in each round.
func costs(cells []results.Cell) []float64 {
	var all []float64
	for _, c := range cells {
		if c.Resources != nil && c.Load.Requests > 0 {
			all = append(all, float64(c.Resources.CPU)/1e3/float64(c.Load.Requests))
		}
	}
	return all
}

// serverShares returns the share of a core that the server used in each round.
func serverShares(cells []results.Cell) []float64 {
	var all []float64
	for _, c := range cells {
		if share, known := c.Resources.Share(); known {
			all = append(all, share)
		}
	}
	return all
}

// generatorShares returns the share of a core that the load generator used in
// each round.
func generatorShares(cells []results.Cell) []float64 {
	var all []float64
	for _, c := range cells {
		if share := c.Load.Generator.Busy; share > 0 {
			all = append(all, share)
		}
	}
	return all
}

// merged returns the latencies of all rounds together: percentiles can be read
// off that, but not be averaged. It is nil if there are none.
func merged(cells []results.Cell) (*hdrhistogram.Histogram, error) {
	var times []load.Times
	for _, c := range cells {
		times = append(times, c.Load.Response)
	}
	all, err := load.Merge(times...)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", cells[0].Server, err)
	case all.Count == 0:
		return nil, nil
	}
	return all.Decode()
}

// median returns the middle value, or the mean of the two in the middle. known
// is false if there are none.
func median(values []float64) (middle float64, known bool) {
	n := len(values)
	if n == 0 {
		return 0, false
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(n-1)/2] + sorted[n/2]) / 2, true
}
