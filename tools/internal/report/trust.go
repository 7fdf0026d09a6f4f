package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/charts"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// trust helps to judge the figures, and to repeat them.
type trust struct {
	Notes []string
	// Voids are the void cells of the open loop, of OpenCells.
	Voids      []string
	OpenCells  int
	VoidCounts plot.Table
	Lateness   plot.Table
	Ceilings   plot.Table
	// Limited are the cells of the closed loop, of Cells, in which the load generator
	// was the limit.
	Limited     []string
	Cells       int
	Noise       group
	Pauses      []pair
	Stolen      []string
	StealKnown  bool
	Environment []pair
	Plan        []pair
	Binaries    []pair
	NotMeasured []string
	Failed      []failure
	NotJudged   []failure // rules
	Unavailable []failure
	Order       [][]string
	Repeat      string
	// Remake begins the command that makes the page again.
	Remake string
}

// failure is about a server: why it did not finish or is not available, or a rule that
// it breaks or that was not judged.
type failure struct{ Server, Reason string }

func newTrust(r *results.Results) trust {
	t := trust{
		Voids:      voids(r),
		OpenCells:  len(r.Open),
		VoidCounts: voidCounts(r),
		Lateness:   lateness(r),
		Ceilings:   ceilings(r),
		Limited:    limited(r),
		Cells:      len(r.Runs),
		Noise: newGroup(r, "noise", "Which differences mean something?", string(results.Closed),
			"One server was measured twice in each round, as if it were two (A/A). A smaller difference between two models means nothing, and neither does one below the spread of their rounds.",
			charts.Noise(r)),
		Pauses:      pauses(r.Environment.Pauses),
		Environment: environment(r),
		Plan:        plan(r),
		Binaries:    binaries(r),
		NotMeasured: r.NotMeasured,
		Order:       r.Plan.Order,
		Repeat:      self.Line(r.Command),
		Remake:      self.Line(append(program(r), "report")),
	}
	t.Stolen, t.StealKnown = stolen(r)
	for _, note := range text.Notes(r) {
		// Unmeasured figures and unavailable servers have lists of their own.
		if strings.HasPrefix(note, string(results.NotAvailable)) {
			continue
		}
		if !slices.ContainsFunc(r.NotMeasured, func(what string) bool { return strings.Contains(note, what) }) {
			t.Notes = append(t.Notes, note)
		}
	}
	for _, s := range r.Servers {
		if s.Unavailable != "" {
			t.Unavailable = append(t.Unavailable, failure{s.Name, s.Unavailable})
		}
		if s.DNF != "" {
			t.Failed = append(t.Failed, failure{s.Name, s.DNF})
		}
		if s.Rules != nil {
			for _, f := range s.Rules.Failed {
				t.Failed = append(t.Failed, failure{s.Name, "rule " + f.Rule + ": " + f.Reason})
			}
			for _, f := range s.Rules.NotJudged {
				t.NotJudged = append(t.NotJudged, failure{s.Name, f.Rule + ": " + f.Reason})
			}
		}
	}
	return t
}

func environment(r *results.Results) []pair {
	e := r.Environment
	share := func(s *float64) string {
		if s == nil {
			return "not known"
		}
		return format.Percent(*s)
	}
	cores := "not pinned"
	goes := fmt.Sprintf("%s, GOMAXPROCS %d in the servers", e.Go, e.ServerProcs)
	if e.Pinned {
		cores = fmt.Sprintf("server on cpu%d, load on cpu%d", e.ServerCore, e.LoadCore)
	}
	if r.Running() { // only the load is known
		goes = e.Go
		if e.Pinned {
			cores = fmt.Sprintf("load on cpu%d", e.LoadCore)
		}
	}
	all := []pair{
		{"system", strings.TrimSpace(e.OS + "/" + e.Arch + " " + e.Kernel)},
		{"processor", e.CPU},
		{"cores", fmt.Sprintf("%d, %s", e.Cores, cores)},
		{"Go", goes},
		{"source", e.Revision},
		{"taken by the host (steal)", share(e.Steal)},
		{"used by other programs", share(e.Others)},
	}
	for i := range all {
		if all[i].Value == "" {
			all[i].Value = "not known"
		}
	}
	return all
}

func plan(r *results.Results) []pair {
	p := r.Plan
	all := []pair{
		{"begun", moment(r.Started)},
		{"ended", moment(r.Finished)},
		{"seed", fmt.Sprint(p.Seed)},
		{"rounds", fmt.Sprint(p.Rounds)},
		{"each workload", fmt.Sprintf("%v, after %v of warm-up", p.Cell, p.Warmup)},
		{"open loop", fmt.Sprintf("%v at each rate, after %v of warm-up", p.OpenCell, p.Warmup/2)},
	}
	if p.Has(results.Idle) {
		all = append(all, pair{"at rest", fmt.Sprintf("%v with each of %v connections", p.Idle, p.IdleConnections)})
	}
	for i, w := range p.Workloads {
		all = append(all, pair{fmt.Sprintf("workload %d", i+1), text.WorkloadTitle(w) + ", " + w.Words()})
	}
	return all
}
