package experiments

import (
	"cmp"
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentBusy is judged by the CPU time that silent connections cost.
var experimentBusy = &Experiment{
	Statement: results.Statement{
		ID:       "E4",
		Title:    "polling takes CPU time",
		Quotes:   []string{"Busy waiting consumes CPU resources as the server constantly polls"},
		Question: "Does it use a core although no client asks anything?",
		About:    []string{"busywait", "busywait --one-at-a-time"},

		Predictions: expect(func(v models.Variant) results.Verdict { return yesIf(v.Spins) }),

		Metric: "the share of a core that the server uses, or waits for, while all connections are silent; median and range over the numbers of connections",
		Unit:   "% of a core",
		Rule:   "yes from 50 % on, no up to 5 %",
		Parts:  []results.Part{results.Idle},
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		var shares, waits []float64
		most, why := 0, ""
		for _, c := range r.Idle {
			if c.Server != s.Name || c.Resources == nil {
				continue
			}
			share := 100 * c.WantedShare()
			// The kernel counts neither a wait while the host has the core, nor a
			// wait that has not ended yet.
			b := results.Besides{Steal: c.Steal, Others: c.Others}
			taken := b.Stolen()
			if share > results.BusyNo {
				taken = cmp.Or(taken, b.Crowded())
			}
			if taken != "" && share < results.BusyYes {
				why = taken
				continue
			}
			shares, waits = append(shares, share), append(waits, c.WantedShare()-c.CoreShare())
			most = c.Connections
		}
		switch {
		case len(shares) == 0 && why == "":
			return results.Finding{}, false
		case len(shares) == 0:
			return results.Finding{Verdict: results.NotMeasurable, Why: why}, true
		}
		f := byThreshold(shares, results.BusyYes, results.BusyNo)
		f.Why = fmt.Sprintf("it used %s of a core with 0 to %s connections, all of them silent", format.Percent(f.Number/100), format.Thousands(float64(most)))
		if waited := results.Median(waits); waited > results.DisturbedShare {
			f.Why = fmt.Sprintf("it wanted %s of a core with 0 to %s connections, all of them silent, and waited for it for %s of the time, because others had it",
				format.Percent(f.Number/100), format.Thousands(float64(most)), format.Percent(waited))
		}
		f.LeaveOut(why)
		return f, true
	},
}
