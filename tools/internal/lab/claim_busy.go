package lab

import "fmt"

// experimentBusy is judged by what silent connections cost.
var experimentBusy = &Experiment{
	ID:       "E4",
	Title:    "polling takes CPU time",
	Quotes:   []string{"Busy waiting consumes CPU resources as the server constantly polls"},
	Question: "Does it use a core although nobody asks anything?",
	About:    []string{"busywait", "busywait --one-at-a-time"},
	Predictions: map[string]Verdict{
		"busywait": Confirmed, "busywait --one-at-a-time": Confirmed,
		"singleblocking": Refuted, "multiblocking": Refuted, "eventloop": Refuted, "iouring": Refuted,
	},
	Metric: "the share of a core that it uses while all connections are silent; median and range over their numbers",
	Unit:   "% of a core",
	Rule:   "yes from 50 % on, no up to 5 %",
	parts:  []Part{Idle},
	judge: func(r *Results, s *Server) (Finding, bool) {
		var shares []float64
		most := 0
		for _, c := range r.Idle {
			if c.Server == s.Name && c.Resources != nil {
				shares = append(shares, 100*c.share())
				most = c.Connections
			}
		}
		if len(shares) == 0 {
			return Finding{}, false
		}
		f := byThreshold(shares, 50, 5)
		f.Why = fmt.Sprintf("it used %s of a core with 0 to %s connections, all of them silent", percent(f.Number/100), thousands(float64(most)))
		return f, true
	},
}
