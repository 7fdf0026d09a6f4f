package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// trialsOf returns an experiment's runs, in the order of the servers and, of
// each, as they were made.
func trialsOf(r *results.Results, id string) (all []results.Trial) {
	for _, s := range r.Servers {
		for _, t := range r.Trials {
			if t.Experiment == id && t.Server == s.Name {
				all = append(all, t)
			}
		}
	}
	return all
}

// measure is something that can be said of a trial.
type measure struct {
	name, unit string
	of         func(results.Trial) (x float64, known bool)
}

func (m measure) text(t results.Trial) string {
	x, known := m.of(t)
	if !known {
		return format.Absent
	}
	return amount(x, m.unit)
}

// head is the measure's name with its unit.
func (m measure) head() string {
	if m.unit == "" {
		return m.name
	}
	return m.name + ", " + m.unit
}

var (
	rateMeasure = measure{"requests/s", "", func(t results.Trial) (float64, bool) {
		if t.Load == nil {
			return 0, false
		}
		return t.Load.Rate, true
	}}
	p50Measure = measure{"p50", "ns", func(t results.Trial) (float64, bool) {
		if t.Load == nil {
			return 0, false
		}
		return float64(t.Load.Response.P50), t.Load.Response.P50 > 0
	}}
	p99Measure = measure{"p99", "ns", func(t results.Trial) (float64, bool) {
		if t.Load == nil {
			return 0, false
		}
		return float64(t.Load.Response.P99), t.Load.Response.P99 > 0
	}}
	servedMeasure = measure{"clients served", "", func(t results.Trial) (float64, bool) {
		if t.Load == nil {
			return 0, false
		}
		return float64(t.Load.Served), true
	}}
	cpuMeasure = measure{"CPU/request", "µs", perRequest(func(u *results.Resources) float64 { return float64(u.CPU) / 1e3 })}
	// switchMeasure counts those that a server wanted and those that it did not.
	switchMeasure = measure{"switches/request", "", perRequest(func(u *results.Resources) float64 { return float64(u.Voluntary + u.Involuntary) })}
	memoryMeasure = measure{"RSS", "MiB", func(t results.Trial) (float64, bool) {
		if t.Resources == nil {
			return 0, false
		}
		return mebibytes(t.Resources.RSS), t.Resources.RSS > 0
	}}
	waitMeasure = measure{"longest wait", "ns", func(t results.Trial) (float64, bool) {
		if t.Probes == nil {
			return 0, false
		}
		worst := t.Probes.Worst(0, timelineLength(t.Probes))
		return float64(worst), worst > 0
	}}
	unansweredMeasure = measure{"probes unanswered", "", func(t results.Trial) (float64, bool) {
		if t.Probes == nil {
			return 0, false
		}
		return float64(t.Probes.Failed()), true
	}}
)

// perRequest is what a server used, by the right answers.
func perRequest(used func(*results.Resources) float64) func(results.Trial) (float64, bool) {
	return func(t results.Trial) (float64, bool) {
		if t.Load == nil || t.Resources == nil || t.Load.Requests <= 0 {
			return 0, false
		}
		return used(t.Resources) / float64(t.Load.Requests), true
	}
}

// trialTable has all of an experiment's runs. Columns that nothing is known in
// are left out.
func trialTable(r *results.Results, e *results.Statement) table {
	trials := trialsOf(r, e.ID)
	t := table{Caption: "Each run", Head: []string{"model", "case"}}
	var known []measure
	withX, withFigures, withNotes := false, false, false
	for _, m := range []measure{rateMeasure, p50Measure, p99Measure, servedMeasure, cpuMeasure, switchMeasure, memoryMeasure, waitMeasure, unansweredMeasure} {
		if slices.ContainsFunc(trials, func(t results.Trial) bool { _, ok := m.of(t); return ok }) {
			known = append(known, m)
		}
	}
	for _, trial := range trials {
		withX = withX || trial.X != 0
		withFigures = withFigures || len(trial.Figures) > 0
		withNotes = withNotes || noteOf(trial) != ""
	}
	add := func(with bool, head string) {
		if with {
			t.Head = append(t.Head, head)
		}
	}
	add(withX, cmp.Or(e.Against, "x"))
	for _, m := range known {
		t.Head = append(t.Head, m.name)
	}
	add(withFigures, "figures")
	add(withNotes, "note")
	for _, trial := range trials {
		row := []string{trial.Server, cmp.Or(trial.Case, format.Absent)}
		if withX {
			row = append(row, count(trial.X))
		}
		for _, m := range known {
			row = append(row, m.text(trial))
		}
		if withFigures {
			row = append(row, cmp.Or(figures(trial), format.Absent))
		}
		if withNotes {
			row = append(row, cmp.Or(noteOf(trial), format.Absent))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// voidRuns says how many runs say more about the load generator than about the
// server. Whether one counts for the verdict all the same is for its experiment
// to say.
func voidRuns(trials []results.Trial) []string {
	n := 0
	for _, t := range trials {
		if t.Load != nil && len(t.Load.Void) > 0 {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("Void by the load generator’s rules, and shown all the same: %d of %d runs. The table of all runs says why.", n, len(trials))}
}

// figures writes what else was counted, one in a line.
func figures(t results.Trial) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(t.Figures)) {
		all = append(all, name+": "+count(t.Figures[name]))
	}
	return strings.Join(all, "\n")
}

// noteOf is why there is less than there should be, or why it says little.
func noteOf(t results.Trial) string {
	var all []string
	if t.Note != "" {
		all = append(all, t.Note)
	}
	if t.Load != nil {
		for _, why := range t.Load.Void {
			all = append(all, "VOID: "+why)
		}
	}
	if t.Probes != nil && t.Probes.First != "" {
		all = append(all, "the first that was not answered: "+t.Probes.First)
	}
	return strings.Join(all, "; ")
}
