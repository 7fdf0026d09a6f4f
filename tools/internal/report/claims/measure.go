package claims

import (
	"math"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// measure is a number of a trial.
type measure struct {
	name results.Measure
	unit string
	of   func(results.Trial) (x float64, known bool)
}

// measures are the measures that all trials have, in the order of the table's columns.
var measures = []measure{
	{results.RequestRate, "", ofLoad(func(t results.Trial) (float64, bool) { return t.Load.Rate, true })},
	{results.MedianTime, "ns", ofLoad(func(t results.Trial) (float64, bool) {
		return float64(t.Load.Response.P50), t.Load.Response.P50 > 0
	})},
	{results.P99Time, "ns", ofLoad(func(t results.Trial) (float64, bool) {
		return float64(t.Load.Response.P99), t.Load.Response.P99 > 0
	})},
	{results.ClientsServed, "", ofLoad(func(t results.Trial) (float64, bool) { return float64(t.Load.Served), true })},
	{results.CPUPerRequest, "µs", perRequest(func(u *results.Resources) float64 { return float64(u.CPU) / 1e3 })},
	{results.SwitchesPerRequest, "", perRequest(func(u *results.Resources) float64 { return float64(u.Voluntary + u.Involuntary) })},
	{results.Memory, "MiB", func(t results.Trial) (float64, bool) {
		if t.Resources == nil {
			return 0, false
		}
		return float64(t.Resources.RSS) / (1 << 20), t.Resources.RSS > 0
	}},
	{results.LongestWait, "ns", ofProbes(func(p *results.Timeline) (float64, bool) {
		worst := p.Worst(0, p.Length())
		return float64(worst), worst > 0
	})},
	{results.Unanswered, "", ofProbes(func(p *results.Timeline) (float64, bool) { return float64(p.Failed()), true })},
}

// usual are the measures of an experiment that names none: its picture shows the first
// that is known.
var usual = []results.Measure{results.CPUPerRequest, results.RequestRate, results.P99Time, results.LongestWait, results.Memory}

func ofLoad(value func(results.Trial) (float64, bool)) func(results.Trial) (float64, bool) {
	return func(t results.Trial) (float64, bool) {
		if t.Load == nil {
			return 0, false
		}
		return value(t)
	}
}

func ofProbes(value func(*results.Timeline) (float64, bool)) func(results.Trial) (float64, bool) {
	return func(t results.Trial) (float64, bool) {
		if t.Probes == nil {
			return 0, false
		}
		return value(t.Probes)
	}
}

func perRequest(used func(*results.Resources) float64) func(results.Trial) (float64, bool) {
	return func(t results.Trial) (float64, bool) { return t.PerRequest(used) }
}

// ofFigure is one of a trial's further figures.
func ofFigure(name results.Measure) measure {
	return measure{name, "", func(t results.Trial) (float64, bool) {
		x, known := t.Figures[string(name)]
		return x, known && !math.IsNaN(x) && !math.IsInf(x, 0)
	}}
}

// measureOf returns the measure of that name: of all trials, or else one of these
// trials' further figures. ok is false if there is none.
func measureOf(name results.Measure, trials []results.Trial) (m measure, ok bool) {
	if i := slices.IndexFunc(measures, func(m measure) bool { return m.name == name }); i >= 0 {
		return measures[i], true
	}
	m = ofFigure(name)
	return m, m.knownOf(trials)
}

// knownOf reports whether the measure of some trial is known.
func (m measure) knownOf(trials []results.Trial) bool {
	return slices.ContainsFunc(trials, func(t results.Trial) bool { _, known := m.of(t); return known })
}

func (m measure) text(t results.Trial) string {
	x, known := m.of(t)
	if !known {
		return format.Absent
	}
	return format.Amount(x, m.unit)
}

// head is the measure's name with its unit.
func (m measure) head() string {
	if m.unit == "" {
		return string(m.name)
	}
	return string(m.name) + ", " + m.unit
}
