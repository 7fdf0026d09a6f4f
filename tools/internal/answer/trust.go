package answer

import (
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// trust says how far to trust the run, the warnings first.
func trust(r *results.Results) (all []Remark) {
	add := func(warn bool, text string, args ...any) {
		all = append(all, Remark{fmt.Sprintf(text, args...), warn})
	}
	if !r.Complete {
		add(true, "interrupted: the figures until then")
	}
	if failed := r.Failed(); len(failed) > 0 {
		add(true, "%s with errors, or not finished", format.Count(len(failed), "server"))
	}
	if p := r.StallCheck; p != nil && !p.Shows() {
		add(true, "the lab did not see a stop of %v: DO NOT TRUST THIS RUN", p.Stopped)
	}
	elsewhere, known := r.Environment.Elsewhere()
	switch {
	case !known:
		add(true, "not known how quiet the machine was")
	case r.Disturbed() != "":
		add(true, "DISTURBED: %.0f %% of the machine's time went elsewhere", 100*elsewhere)
	default:
		add(false, "quiet machine: %s of its time went elsewhere", format.Percent(elsewhere))
	}
	if r.Plan.Rounds < fewRounds && len(r.Runs) > 0 {
		add(true, "only an indication, from %s", format.Count(r.Plan.Rounds, "round"))
	}
	if len(r.Noise) > 0 {
		add(noise(r) > 2*cpuEqual, "the same server twice: %s apart", aa(r))
	}
	if void, of, _ := results.VoidCells(r.Runs); void > 0 {
		add(2*void > of, "%d of %d closed-loop cells void", void, of)
	}
	if void, of, _ := results.VoidCells(r.Open); of > 0 {
		add(4*void > 3*of, "%d of %d open-loop cells void", void, of)
	}
	slices.SortStableFunc(all, func(a, b Remark) int {
		switch {
		case a.Warn == b.Warn:
			return 0
		case a.Warn:
			return -1
		}
		return 1
	})
	return all
}
