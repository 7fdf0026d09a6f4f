package report

import (
	"fmt"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// trust is what a reader needs to judge the figures, and to repeat them.
type trust struct {
	Environment []pair
	Plan        []pair
	Order       [][]string
	Spread      table
	// Limited are the cells in which the load generator was the limit.
	Limited []string
	Cells   int
	Notes   []string
	Failed  []failure
	Repeat  string
}

// failure is a server that did not finish, or a rule that it does not follow.
type failure struct{ Server, Reason string }

func newTrust(r *lab.Results) trust {
	t := trust{
		Environment: environment(r.Environment),
		Plan:        plan(r),
		Order:       r.Plan.Order,
		Spread:      spread(r),
		Cells:       len(r.Runs),
		Notes:       r.Notes(),
		Repeat:      repeat(r.Command),
	}
	for _, c := range r.Runs {
		if share := c.Load.Generator.Busy; share > load.GeneratorLimit {
			t.Limited = append(t.Limited, fmt.Sprintf("%s, %s, round %d: %.0f %% of its core", c.Server, r.WorkloadName(c.Workload), c.Round, share*100))
		}
	}
	for _, s := range r.Servers {
		if s.DNF != "" {
			t.Failed = append(t.Failed, failure{s.Name, s.DNF})
		}
		if s.Rules != nil {
			for _, f := range s.Rules.Failed {
				t.Failed = append(t.Failed, failure{s.Name, "rule " + f.Rule + ": " + f.Reason})
			}
		}
	}
	return t
}

func environment(e lab.Environment) []pair {
	share := func(s *float64) string {
		if s == nil {
			return "not known"
		}
		return percent(*s)
	}
	cores := "not pinned"
	if e.Pinned {
		cores = fmt.Sprintf("server on cpu%d, load on cpu%d", e.ServerCore, e.LoadCore)
	}
	all := []pair{
		{"system", strings.TrimSpace(e.OS + "/" + e.Arch + " " + e.Kernel)},
		{"processor", e.CPU},
		{"cores", fmt.Sprintf("%d, %s", e.Cores, cores)},
		{"Go", fmt.Sprintf("%s, GOMAXPROCS %d in the servers", e.Go, e.ServerProcs)},
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

func plan(r *lab.Results) []pair {
	p := r.Plan
	all := []pair{
		{"begun", moment(r.Started)},
		{"ended", moment(r.Finished)},
		{"seed", fmt.Sprint(p.Seed)},
		{"rounds", fmt.Sprint(p.Rounds)},
		{"each workload", fmt.Sprintf("%v, after %v of warm-up", p.Cell, p.Warmup)},
		{"at rest", fmt.Sprintf("%v with each of %v connections", p.Idle, p.IdleConnections)},
	}
	for i, w := range p.Workloads {
		all = append(all, pair{fmt.Sprintf("workload %d", i+1), fmt.Sprintf("%s, %.0f %% gets, %d keys, values of %d bytes",
			r.WorkloadTitle(i), 100*(1-w.Puts), w.Keys, w.MaxValue)})
	}
	return all
}

// spread says how far the rounds are apart.
func spread(r *lab.Results) table {
	t := table{
		Caption: "CPU per request: the largest of the rounds less the smallest, as a share of the median",
		Head:    []string{"model"},
	}
	for w := range r.Plan.Workloads {
		t.Head = append(t.Head, r.WorkloadName(w))
	}
	for _, s := range r.Servers {
		row := []string{s.Name}
		for w := range r.Plan.Workloads {
			value := absent
			if sum := r.SummaryOf(s.Name, w); sum != nil && sum.Cost != nil && sum.Rounds > 1 {
				value = fmt.Sprintf("%.0f %%", sum.Cost.Spread*100)
			}
			row = append(row, value)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// repeat is the command that does the same again, for a shell.
func repeat(command []string) string {
	var words []string
	for _, w := range command {
		if strings.ContainsFunc(w, func(r rune) bool { return !strings.ContainsRune(plain, r) }) || w == "" {
			w = quoted(w)
		}
		words = append(words, w)
	}
	return strings.Join(words, " ")
}

// plain is what needs no quotes.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=./:"

// quoted is text as a shell's single word.
func quoted(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
