package claims

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// trialsOf returns an experiment's runs with all servers, in the servers' order.
func trialsOf(r *results.Results, id string) (all []results.Trial) {
	for _, s := range r.Servers {
		all = append(all, r.TrialsOf(id, s.Name)...)
	}
	return all
}

// trialTable has all of an experiment's runs. It has no empty columns.
func trialTable(r *results.Results, e *results.Statement) plot.Table {
	trials := trialsOf(r, e.ID)
	t := plot.Table{Caption: "Each run", Head: []string{"model", "case"}}
	var known []measure
	withX, withFigures, withNotes := false, false, false
	for _, m := range measures {
		if m.knownOf(trials) {
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
		t.Head = append(t.Head, string(m.name))
	}
	add(withFigures, "figures")
	add(withNotes, "note")
	for _, trial := range trials {
		row := []string{trial.Server, cmp.Or(trial.Case, format.Absent)}
		if withX {
			row = append(row, format.Number(trial.X))
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

// voidRuns counts the runs that say more about the load generator than about the
// server. The experiment decides whether such a run counts for the verdict.
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
	return []string{fmt.Sprintf("Void by the load generator’s rules, but shown: %d of %d runs. The table of all runs says why.", n, len(trials))}
}

// figures writes a trial's further figures, one in a line.
func figures(t results.Trial) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(t.Figures)) {
		all = append(all, name+": "+format.Number(t.Figures[name]))
	}
	return strings.Join(all, "\n")
}

// noteOf says why a trial has no figures, or figures that say little.
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
		all = append(all, "the first unanswered probe: "+t.Probes.First)
	}
	return strings.Join(all, "; ")
}
