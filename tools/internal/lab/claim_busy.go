package lab

import (
	"cmp"
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// experimentBusy is judged by what silent connections cost.
var experimentBusy = &Experiment{
	Statement: Statement{
		ID:       "E4",
		Title:    "polling takes CPU time",
		Quotes:   []string{"Busy waiting consumes CPU resources as the server constantly polls"},
		Question: "Does it use a core although nobody asks anything?",
		About:    []string{"busywait", "busywait --one-at-a-time"},
		Predictions: map[string]Verdict{
			"busywait": Confirmed, "busywait --one-at-a-time": Confirmed,
			"singleblocking": Refuted, "multiblocking": Refuted, "eventloop": Refuted, "iouring": Refuted,
		},
		Metric: "the share of a core that it uses, or is ready to use and has to wait for, while all connections are silent; median and range over their numbers",
		Unit:   "% of a core",
		Rule:   "yes from 50 % on, no up to 5 %",
		Parts:  []Part{Idle},
	},
	judge: func(r *Results, s *Server) (Finding, bool) {
		var shares, waits []float64
		most, why := 0, ""
		for _, c := range r.Idle {
			if c.Server != s.Name || c.Resources == nil {
				continue
			}
			share := 100 * c.wanted()
			// The kernel counts no wait while the host has the core, and no wait for a
			// core that has not ended yet.
			b := besides{steal: c.Steal, others: c.Others}
			taken := b.stolen()
			if share > busyNo {
				taken = cmp.Or(taken, b.crowded())
			}
			if taken != "" && share < busyYes {
				why = taken
				continue
			}
			shares, waits = append(shares, share), append(waits, c.wanted()-c.share())
			most = c.Connections
		}
		switch {
		case len(shares) == 0 && why == "":
			return Finding{}, false
		case len(shares) == 0:
			return Finding{Verdict: NotMeasurable, Why: why}, true
		}
		f := byThreshold(shares, busyYes, busyNo)
		f.Why = fmt.Sprintf("it used %s of a core with 0 to %s connections, all of them silent", format.Percent(f.Number/100), format.Thousands(float64(most)))
		if waited := median(waits); waited > disturbance {
			f.Why = fmt.Sprintf("it wanted %s of a core with 0 to %s connections, all of them silent, and waited for it for %s of the time, because others had it",
				format.Percent(f.Number/100), format.Thousands(float64(most)), format.Percent(waited))
		}
		f.leaveOut(why)
		return f, true
	},
}
