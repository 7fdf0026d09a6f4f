package report

import (
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/charts"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// card is what a model costs. There is no score, because only the reader knows how many
// microseconds a thread is worth.
type card struct {
	Name string
	DNF  string
	// Unavailable is why this system cannot run the model.
	Unavailable string
	// Requests has a row for each workload.
	Requests []requestCost
	Lines    []pair
	// Calls are the system calls of a request, by name, under CallsAt.
	Calls, CallsAt string
}

// requestCost is what a request costs under one workload. Interval is the median's
// interval of 95 % confidence; empty if there were few rounds.
type requestCost struct{ Workload, CPU, Interval, Kernel, Switches string }

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
					Kernel:   format.Absent, // there may be too few ticks
					Switches: fmt.Sprintf("%.3f", last.Voluntary+last.Involuntary),
				}
				if last.Interval != nil {
					cost.Interval = charts.Interval(last.Interval)
				}
				if s := last.System; s != nil {
					cost.Kernel = fmt.Sprintf("%.0f–%.0f %%", s.Low*100, s.High*100)
				}
				c.Requests = append(c.Requests, cost)
			}
		}
		if last != nil { // the last workload is the heaviest one
			c.add("threads", fmt.Sprint(last.Threads))
			c.add("memory (RSS)", format.Mebibytes(last.RSS)+" MiB")
			if last.PSS > 0 {
				c.add("memory (PSS)", format.Mebibytes(last.PSS)+" MiB")
			}
		}
		if each := charts.PerConnection(r, s.Name); each != format.Absent {
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

// addCalls adds the system calls under the first workload with a count. It is the
// lightest, in which no request shares a call with another.
func (c *card) addCalls(r *results.Results) {
	for w := range r.Plan.Workloads {
		if cell := r.SyscallsOf(c.Name, w); cell != nil {
			_, _, total := cell.PerRequest()
			c.add("system calls", format.ThreeDigits(total))
			c.Calls, c.CallsAt = cell.String(), text.WorkloadName(r.Plan.Workloads[w])
			return
		}
	}
}
