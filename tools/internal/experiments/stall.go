package experiments

import (
	"context"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// experimentStall has three clients that misbehave, one after the other, while others
// come, ask and go.
var experimentStall = &Experiment{
	Statement: results.Statement{
		ID:       "E2",
		Title:    "one slow client",
		Quotes:   []string{"Resource bottleneck: A single slow client can stall other clients."},
		Question: "Do other clients wait for as long as one client is slow?",
		About:    []string{"singleblocking"},

		Predictions: expect(oneAtATime),

		Metric: "the longest wait of another client that came during an attack; median and range of three attacks",
		Unit:   "s",
		Rule:   "yes from half the attack's length on, no up to a tenth; an attack is left out if the machine may have made the answer, because the server had no core or the probes were late",
	},
	quick: true,
	takes: func(p results.Plan, _ *results.Server) time.Duration { return bench.StartStopTime + stallLength(p) },
	run: func(ctx context.Context, b *bench.Bench, s *results.Server) error {
		return b.With(ctx, s.Target, func(p *proc.Process) error {
			attacks := stallAttacks(b.Results.Plan)
			line, err := call(ctx, p.Addr, stallLength(b.Results.Plan), attacks, p.WatchAttack)
			if line != nil {
				b.Results.Trials = append(b.Results.Trials, results.Trial{Experiment: "E2", Server: s.Name, Probes: line, Attacks: attacks})
			}
			return err
		})
	},
	judge: func(r *results.Results, s *results.Server) (results.Finding, bool) {
		for _, t := range r.TrialsOf("E2", s.Name) {
			if t.Probes == nil {
				continue
			}
			length := t.Attacks[0].Until - t.Attacks[0].From
			waits, why := stallsOf(t)
			if len(waits) == 0 {
				return results.Finding{Verdict: results.NotMeasurable, Why: why}, true
			}
			f := byThreshold(waits, length.Seconds()/2, length.Seconds()/10)
			f.Why = fmt.Sprintf("the longest wait during an attack of %v was %s", length, format.Latency(format.Seconds(f.Number)))
			f.LeaveOut(why)
			if n := t.Probes.Failed(); n > 0 {
				f.Why += fmt.Sprintf(", and %s got no answer: %s", format.Count(n, "probe"), t.Probes.First)
			}
			return f, true
		}
		return results.Finding{}, false
	},
}

// stallAttack is how long a client misbehaves, and stallRest the quiet time before
// and after.
func stallAttack(p results.Plan) time.Duration {
	if p.AllClaims {
		return 2 * time.Second
	}
	return 300 * time.Millisecond
}

func stallRest(p results.Plan) time.Duration { return stallAttack(p) / 2 }

func stallAttacks(p results.Plan) (all []results.Attack) {
	at := stallRest(p)
	for _, kind := range []results.AttackKind{results.IdleClient, results.HalfFrame, results.Dribble} {
		all = append(all, results.Attack{Kind: kind, From: at, Until: at + stallAttack(p)})
		at += stallAttack(p) + stallRest(p)
	}
	return all
}

func stallLength(p results.Plan) time.Duration { return 3*stallAttack(p) + 4*stallRest(p) }
