package answer

import (
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// gradeRounds grades the cells that have rounds to be judged by: Best if a cell equals
// the lowest one, or is lower than one that does, because wild rounds make a cell no
// better; and Hurts from so many times the lowest on. None is Best if a cell without such
// rounds is lower.
func gradeRounds(cells []Cell, equal, hurts float64) {
	var best *Cell
	for i := range cells {
		if c := &cells[i]; len(c.sample) > 0 && (best == nil || c.Value < best.Value) {
			best = c
		}
	}
	if best == nil {
		return
	}
	// A figure that decides nothing, and is lower by more than the noise, may be right.
	unknown := slices.ContainsFunc(cells, func(c Cell) bool {
		return c.Known && !c.apart && len(c.sample) == 0 && c.Value*(1+equal) < best.Value
	})
	most := 0.0 // of those that equal the lowest
	for _, c := range cells {
		if len(c.sample) > 0 && c.Value < hurts*best.Value && same(c, *best, equal) {
			most = max(most, c.Value)
		}
	}
	for i := range cells {
		switch c := &cells[i]; {
		case len(c.sample) == 0:
		case c.Value <= most:
			if !unknown {
				c.Grade = Best
			}
		case c.Value >= hurts*best.Value && !same(*c, *best, equal):
			c.Grade = Hurts
		}
	}
}

// same reports whether a cell differs from the best one by no more than the noise: by
// that share of it, or so that a test finds nothing (Mann and Whitney's U, which assumes
// nothing about how the rounds are distributed).
func same(c, best Cell, share float64) bool {
	a, b := results.Median(c.sample), results.Median(best.sample)
	few := len(c.sample) < fewRounds || len(best.sample) < fewRounds
	if few {
		share = max(share, fewEqual)
	}
	if a <= b*(1+share) || few {
		return a <= b*(1+share)
	}
	sample := func(of []float64) *benchmath.Sample {
		return benchmath.NewSample(append([]float64(nil), of...), &benchmath.DefaultThresholds)
	}
	return benchmath.AssumeNothing.Compare(sample(c.sample), sample(best.sample)).P > significant
}

// leastOf returns the lowest known value.
func leastOf(cells []Cell) float64 {
	least := math.Inf(1)
	for _, c := range cells {
		if c.Known {
			least = min(least, c.Value)
		}
	}
	return least
}

// setBars gives equal figures equal bars, and tenfold ones a visible difference.
func setBars(id ID, cells []Cell) {
	if id == Idle {
		for i := range cells {
			cells[i].Bar = max(0, min(1, cells[i].Value))
		}
		return
	}
	const floor = 16 // ns or bytes, for a figure of 0
	least, most := math.Inf(1), 0.0
	for _, c := range cells {
		if c.Known {
			least, most = min(least, max(c.Value, floor)), max(most, c.Value)
		}
	}
	from, to := least/2, max(most, 10*least)
	for i := range cells {
		if c := &cells[i]; c.Known {
			c.Bar = max(0, min(1, math.Log(max(c.Value, floor)/from)/math.Log(to/from)))
		}
	}
}
