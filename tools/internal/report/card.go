package report

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
)

// card is what a model costs, unweighted: there is no score, since what a
// thread is worth in microseconds is for the reader to say.
type card struct {
	Name string
	DNF  string
	// Requests has a row for each workload.
	Requests []requestCost
	Lines    []pair
}

// requestCost is what a request costs under one workload.
type requestCost struct{ Workload, CPU, Switches string }

// pair is a name with its value.
type pair struct{ Name, Value string }

// cards returns one for each model.
func cards(r *lab.Results) []card {
	var all []card
	for _, s := range r.Servers {
		c := card{Name: s.Name, DNF: s.DNF}
		var last *lab.Cost
		for w := range r.Plan.Workloads {
			if sum := r.SummaryOf(s.Name, w); sum != nil && sum.Cost != nil {
				last = sum.Cost
				c.Requests = append(c.Requests, requestCost{
					r.WorkloadName(w), digits(last.CPU / 1e3), fmt.Sprintf("%.3f", last.Voluntary+last.Involuntary),
				})
			}
		}
		if last != nil { // of the last workload, the heaviest one
			c.add("threads", fmt.Sprint(last.Threads))
			c.add("memory (RSS)", digits(float64(last.RSS)/(1<<20))+" MiB")
		}
		if share, known := r.IdleShare(s.Name); known {
			c.add("CPU when idle", percent(share))
		}
		all = append(all, c)
	}
	return all
}

func (c *card) add(name, value string) { c.Lines = append(c.Lines, pair{name, value}) }
