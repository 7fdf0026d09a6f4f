package report

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// card is what a model costs, unweighted: there is no score, since what a
// thread is worth in microseconds is for the reader to say.
type card struct {
	Name string
	DNF  string
	// Unavailable is why this system cannot run it.
	Unavailable string
	// Requests has a row for each workload.
	Requests []requestCost
	Lines    []pair
	// Calls are the system calls of a request, by name, under CallsAt.
	Calls, CallsAt string
}

// requestCost is what a request costs under one workload. Interval is where the
// median is with a confidence of 95 %; empty if there were few rounds.
type requestCost struct{ Workload, CPU, Interval, Kernel, Switches string }

// pair is a name with its value.
type pair struct{ Name, Value string }

// cards returns one for each model.
func cards(r *results.Results) []card {
	var all []card
	for _, s := range r.Servers {
		c := card{Name: s.Name, DNF: s.DNF, Unavailable: s.Unavailable}
		var last *results.Cost
		for w := range r.Plan.Workloads {
			if sum := r.SummaryOf(s.Name, w); sum != nil && sum.Cost != nil {
				last = sum.Cost
				cost := requestCost{
					Workload: text.WorkloadName(r.Plan.Workloads[w]),
					CPU:      format.ThreeDigits(last.CPU / 1e3),
					Kernel:   format.Absent, // by ticks, of which there may be too few
					Switches: fmt.Sprintf("%.3f", last.Voluntary+last.Involuntary),
				}
				if last.Interval != nil {
					cost.Interval = interval(last.Interval)
				}
				if s := last.System; s != nil {
					cost.Kernel = fmt.Sprintf("%.0f–%.0f %%", s.Low*100, s.High*100)
				}
				c.Requests = append(c.Requests, cost)
			}
		}
		if last != nil { // of the last workload, the heaviest one
			c.add("threads", fmt.Sprint(last.Threads))
			c.add("memory (RSS)", format.ThreeDigits(mebibytes(last.RSS))+" MiB")
			if last.PSS > 0 {
				c.add("memory (PSS)", format.ThreeDigits(mebibytes(last.PSS))+" MiB")
			}
		}
		if each := perConnection(r, s.Name); each != format.Absent {
			c.add("a silent connection", each)
		}
		if share, known := r.IdleShare(s.Name); known {
			c.add("CPU when idle", format.Percent(share))
		}
		c.addCalls(r)
		all = append(all, c)
	}
	return all
}

func (c *card) add(name, value string) { c.Lines = append(c.Lines, pair{name, value}) }

// addCalls adds the system calls under the first workload that they were counted
// under: the lightest, in which each request waits for itself.
func (c *card) addCalls(r *results.Results) {
	for w := range r.Plan.Workloads {
		if cell := callsOf(r, c.Name, w); cell != nil {
			_, _, total := cell.PerRequest()
			c.add("system calls", format.ThreeDigits(total))
			c.Calls, c.CallsAt = cell.String(), text.WorkloadName(r.Plan.Workloads[w])
			return
		}
	}
}
