package charts

import (
	"fmt"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// costs returns the server's CPU time per request in each round, in µs.
func costs(r *results.Results, server string, workload int) (all []float64) {
	for _, c := range results.WithCost(results.CellsOf(r.Runs, server, workload)) {
		all = append(all, c.NanosPerRequest()/1e3)
	}
	return all
}

// merged merges the latencies of all rounds, because percentiles cannot be averaged.
// It is nil if there are no latencies.
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
