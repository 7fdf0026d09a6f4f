package experiments

import (
	"context"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentAlone has more and more clients, which ask at the same time and stay.
var experimentAlone = &Experiment{
	Statement: results.Statement{
		ID:    "E1",
		Title: "one client at a time",
		Quotes: []string{
			"Limited scalability: Only one client (over one TCP connection) can be served at a time, meaning others have to wait",
			"handles only one client (/connection) at a time",
		},
		Question: "Is one client served, and no other until it leaves?",
		// The article makes the claim about busy waiting too: the article's server
		// polls one client at a time, like one of our variants. Our other variant
		// polls all clients.
		About:       []string{"singleblocking", "busywait", "busywait --one-at-a-time"},
		Predictions: expect(oneAtATime),

		Metric:  "the share of 64 clients, which ask at the same time and stay connected, that get an answer; median and range of the repeats",
		Unit:    "% of clients",
		Rule:    "yes up to 5 %, no from 50 % on; a run with less is left out if the server or the load generator waited for a core for a fifth of it",
		Shows:   results.ClientsServed,
		Against: "clients",
	},
	quick: true,
	takes: func(p results.Plan, _ *results.Server) time.Duration {
		return bench.StartStopTime + time.Duration(len(aloneClients(p)))*(aloneWarmup+aloneCell)
	},
	run: func(ctx context.Context, b *bench.Bench, s *results.Server) error {
		return b.With(ctx, s.Target, func(p *proc.Process) error {
			if err := b.Preload(ctx, s.Target, p); err != nil {
				return err
			}
			for i, n := range aloneClients(b.Results.Plan) {
				t := results.Trial{Experiment: "E1", Case: format.Count(n, "client"), X: float64(n)}
				if _, err := b.Trial(ctx, s, p, t, generator.Config{
					Workload: b.Results.Plan.Mix(n, 1, 0), Warmup: aloneWarmup, Duration: aloneCell, Seed: uint64(i),
				}); err != nil {
					return err
				}
			}
			return nil
		})
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		trials := r.TrialsOf("E1", s.Name)
		var shares, fairness []float64
		why := ""
		for _, t := range trials {
			if t.Load != nil && t.Load.Requests > 0 && t.X == aloneMost {
				share := 100 * float64(t.Load.Served) / t.X
				// Without a core a server serves fewer clients, never more.
				if taken := t.Taken(); taken != "" && share < aloneNo {
					why = taken
					continue
				}
				shares = append(shares, share)
				fairness = append(fairness, t.Load.Fairness)
			}
		}
		if len(shares) == 0 {
			return notMeasurable(trials, whyTaken(trials, "no client was answered"))
		}
		f := byThreshold(shares, aloneYes, aloneNo)
		f.Why = fmt.Sprintf("of %d clients it served %.0f within %v; Jain's index of fairness was %.3g",
			aloneMost, f.Number*aloneMost/100, aloneWarmup+aloneCell, results.Median(fairness))
		f.LeaveOut(why)
		return f, true
	},
}

const (
	aloneMost   = 64
	aloneYes    = 5.0 // % of the clients
	aloneNo     = 50.0
	aloneWarmup = 50 * time.Millisecond
	aloneCell   = 200 * time.Millisecond
)

// aloneClients returns the number of clients in each run.
func aloneClients(p results.Plan) []int {
	if p.AllClaims {
		return []int{1, 4, 16, aloneMost, aloneMost, aloneMost}
	}
	return []int{1, aloneMost}
}
