package compare

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"golang.org/x/perf/benchmath"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

const (
	// leastRounds is the number of rounds below which the Mann-Whitney test finds no
	// difference: with four, its smallest p is 0.03.
	leastRounds = 4
	// alpha is the probability that equal servers seem to differ in any figure of a kind,
	// by Welch's test. The Mann-Whitney test must agree, at agree for each figure.
	//
	// With six rounds in each run the smallest p of the Mann-Whitney test is 0.002. So it
	// cannot tell one difference among dozens of figures from chance: corrected for 27
	// figures, 0.002 is 0.06. Welch's test on logarithms can, because it knows how far
	// the rounds are apart. But a single wild round deceives it, which Mann-Whitney does
	// not permit.
	alpha = 0.002
	agree = 0.05
	// leastServers is how many servers tell the machine's shift if none is known to be
	// the same program: with fewer, one that changed would make it.
	leastServers = 3
)

// sample has a server's figures under one workload: the natural logarithm by round.
type sample struct {
	server string
	logs   map[int]float64
}

// key finds a sample.
type key struct {
	server   string
	workload int
}

// again is the name of a run's A/A server as a server of its own. No name ends so.
const again = "\x00"

// inRounds compares the figures that are measured in rounds.
func (c *Comparison) inRounds(a, b *results.Results) {
	closed, open := c.closed(a, b), c.open(a, b)
	for _, m := range []struct {
		kind  Kind
		pairs []pair
	}{{CPU, closed}, {P50, open}, {P99, open}} {
		if len(m.pairs) > 0 {
			c.rounds(m.kind, m.pairs, samplesOf(a, m.kind), samplesOf(b, m.kind))
		}
	}
}

// samplesOf returns the figures of a kind. The sample of a server that was measured may be
// empty.
func samplesOf(r *results.Results, k Kind) map[key]*sample {
	all := make(map[key]*sample)
	add := func(cells []results.Cell, suffix string) {
		for _, c := range cells {
			at := key{c.Server + suffix, c.Workload}
			if all[at] == nil {
				all[at] = &sample{at.server, make(map[int]float64)}
			}
			if x := figureOf(c, k); x > 0 && c.Besides().Taken() == "" {
				all[at].logs[c.Round] = math.Log(x)
			}
		}
	}
	if k == CPU {
		add(r.Runs, "")
		add(r.Again, again)
	} else {
		add(r.Open, "")
	}
	return all
}

// figureOf returns a cell's figure; 0 if it is not known, or if it says more about the
// load generator than about the server.
func figureOf(c results.Cell, k Kind) float64 {
	void := len(c.Load.Void) > 0
	switch {
	case k == CPU && !void && c.Resources != nil && c.Load.Requests > 0:
		return c.NanosPerRequest()
	case k == P50 && c.Load.Kept() && c.Load.MedianStands():
		return float64(c.Load.Response.P50)
	case k == P99 && c.Load.Kept() && !void:
		return float64(c.Load.Response.P99)
	default:
		return 0
	}
}

// steady takes the changes of the machine's speed from round to round out of a run's
// samples. A server's figures are compared with the other servers' in the same round,
// because its own must not explain themselves.
func steady(all map[key]*sample) map[key]*sample {
	type cell struct {
		server string
		off    float64 // from the median of its sample
	}
	rounds := make(map[int][]cell)
	for _, s := range all {
		if len(s.logs) == 0 {
			continue
		}
		median := s.median()
		for round, x := range s.logs {
			rounds[round] = append(rounds[round], cell{s.server, x - median})
		}
	}
	pace := func(server string, round int) float64 {
		var others []float64
		for _, c := range rounds[round] {
			if c.server != server {
				others = append(others, c.off)
			}
		}
		if len(others) == 0 {
			return 0
		}
		return results.Median(others)
	}
	quiet := make(map[key]*sample)
	for at, s := range all {
		quiet[at] = &sample{s.server, make(map[int]float64)}
		for round, x := range s.logs {
			quiet[at].logs[round] = x - pace(s.server, round)
		}
	}
	return quiet
}

// values are sorted, so that sums of them are the same each time.
func (s *sample) values() []float64 { return slices.Sorted(maps.Values(s.logs)) }

func (s *sample) median() float64 { return results.Median(s.values()) }

// candidate is a figure with enough rounds in both runs.
type candidate struct {
	Figure
	a, b []float64 // steady, and less the machine's shift
	aa   float64   // the larger of the two runs' A/A differences
}

// rounds compares the figures of one kind.
func (c *Comparison) rounds(k Kind, pairs []pair, a, b map[key]*sample) {
	steadyA, steadyB := steady(a), steady(b)
	var judged []*candidate
	for _, p := range pairs {
		var here []*candidate
		var reference, all []float64
		for _, s := range c.Servers {
			x, y := a[key{s.Name, p.a}], b[key{s.InB, p.b}]
			if x == nil || y == nil {
				continue // it was not measured
			}
			f := Figure{Server: s.Name, Kind: k, Under: p.under, Unit: kinds[k].unit, Verdict: Unsure}
			f.A, f.RoundsA = x.center()
			f.B, f.RoundsB = y.center()
			if min(f.RoundsA, f.RoundsB) < leastRounds {
				f.Why = fmt.Sprintf("%d of the rounds of a and %d of b count, and %d of each are needed", f.RoundsA, f.RoundsB, leastRounds)
				c.Figures = append(c.Figures, f)
				continue
			}
			d := &candidate{Figure: f, a: steadyA[key{s.Name, p.a}].values(), b: steadyB[key{s.InB, p.b}].values(), aa: c.noise(k, p)}
			here = append(here, d)
			off := results.Median(d.b) - results.Median(d.a)
			all = append(all, off)
			if s.Same {
				reference = append(reference, off)
			}
		}
		shift := c.shift(k, p.under, reference, all)
		for _, d := range here {
			for i := range d.b {
				d.b[i] -= shift
			}
		}
		judged = append(judged, here...)
	}
	for _, d := range judged {
		d.judge(alpha / float64(len(judged)))
		c.Figures = append(c.Figures, d.Figure)
	}
}

// center returns the median of the sample's figures, and their number.
func (s *sample) center() (median float64, rounds int) {
	if len(s.logs) == 0 {
		return 0, 0
	}
	return math.Exp(s.median()), len(s.logs)
}

// noise returns the larger of the two runs' A/A differences; 0: there is none.
func (c *Comparison) noise(k Kind, p pair) (largest float64) {
	if k != CPU {
		return 0
	}
	for _, n := range c.A.Noise {
		if n.Workload == p.a {
			largest = max(largest, n.CPU)
		}
	}
	for _, n := range c.B.Noise {
		if n.Workload == p.b {
			largest = max(largest, n.CPU)
		}
	}
	return largest
}

// shift notes how the machine differed, by the servers that are the same program in both
// runs, or else by all. It returns the logarithm to take from run B; 0 if changes are
// absolute, or if too few servers tell.
func (c *Comparison) shift(k Kind, under string, reference, all []float64) float64 {
	known := len(reference) > 0
	if c.OneRun {
		return 0
	}
	if !known {
		reference = all
	}
	if !known && len(reference) < leastServers {
		return 0
	}
	off := results.Median(reference)
	c.Shifts = append(c.Shifts, Shift{Kind: k, Under: under, Change: math.Expm1(off), Servers: len(reference), Same: known})
	if c.Absolute {
		return 0
	}
	return off
}

// judge sets the change and what it means. alpha is the level of Welch's test.
func (d *candidate) judge(alpha float64) {
	off := results.Median(d.b) - results.Median(d.a)
	d.Change = new(math.Expm1(off))
	d.Noise = max(kinds[d.Kind].least, d.aa, math.Expm1(detectable(d.a, d.b, alpha)))
	p := benchmath.AssumeNothing.Compare(newSample(d.a), newSample(d.b)).P
	d.P = &p
	d.Verdict = Equal
	if min(math.Abs(off), math.Abs(mean(d.b)-mean(d.a))) > math.Log1p(d.Noise) && p <= agree { // neither the median nor the mean decides alone
		d.Verdict = kinds[d.Kind].verdict(off < 0)
	}
}

// detectable returns the least difference of the means that Welch's test would find,
// with the spread of these values.
func detectable(a, b []float64, alpha float64) float64 {
	if slices.Min(a) == slices.Max(a) && slices.Min(b) == slices.Max(b) {
		return 0 // there is no spread, and no test
	}
	apart := func(by float64) bool {
		moved := centred(b)
		for i := range moved {
			moved[i] += by
		}
		return benchmath.AssumeNormal.Compare(newSample(centred(a)), newSample(moved)).P <= alpha
	}
	const most = 16.0 // e^16 times as much is no figure
	low, high := 0.0, 0.01
	for high < most && !apart(high) {
		low, high = high, 2*high
	}
	for range 20 {
		if middle := (low + high) / 2; apart(middle) {
			high = middle
		} else {
			low = middle
		}
	}
	return high
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, x := range values {
		sum += x
	}
	return sum / float64(len(values))
}

// centred returns the values less their mean.
func centred(values []float64) []float64 {
	centred, middle := slices.Clone(values), mean(values)
	for i := range centred {
		centred[i] -= middle
	}
	return centred
}

// newSample copies the values, because benchmath sorts its own.
func newSample(values []float64) *benchmath.Sample {
	return benchmath.NewSample(slices.Clone(values), &benchmath.DefaultThresholds)
}
