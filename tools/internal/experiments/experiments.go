// Package experiments puts the article's claims to the test. Each claim has a file
// with its question, its predictions and its rule, all written before a server is
// measured.
package experiments

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Experiment is a claim and its test. The statement is written before the run.
type Experiment struct {
	results.Statement

	// quick: the usual run includes it.
	quick bool
	// counts: other programs do not change its figures, however busy the machine is.
	counts bool
	// reads: it starts no server, so it includes servers that this system cannot run.
	reads bool
	run   func(ctx context.Context, b *bench.Bench, s *results.Server) error
	// with reports whether it has runs with a server; nil: with each one that speaks
	// this project's protocol.
	with func(s *results.Server) bool
	// takes returns about how long the runs with a server take.
	takes func(p results.Plan, s *results.Server) time.Duration
	// judge answers the question for one server. measured is false if there are no
	// figures to judge.
	judge func(r *results.Results, s *results.Server) (f results.Finding, measured bool)
	// sum draws the verdict from the findings on the servers that the claim is about;
	// nil: the verdict that all of them share, or ONLY WHEN with a list.
	sum func(r *results.Results, about []results.Finding) (v results.Verdict, when string)
}

// experiments has all experiments, in the order of their numbers. A new one is added
// here.
var experiments = []*Experiment{
	experimentCode,
	experimentAlone,
	experimentStall,
	experimentCores,
	experimentBusy,
	experimentAwake,
	experimentSilent,
	experimentMemory,
	experimentSwitches,
	experimentPool,
	experimentHandler,
	experimentSlowReader,
	experimentBlocking,
}

// All returns all experiments, in the order of their numbers.
func All() []*Experiment { return slices.Clone(experiments) }

// Parts returns the parts by which some experiments are judged, and Claims. No ids
// mean all experiments.
func Parts(ids []string) []results.Part {
	parts := []results.Part{results.Claims}
	for _, e := range experiments {
		if len(ids) == 0 || slices.Contains(ids, e.ID) {
			parts = append(parts, e.Parts...)
		}
	}
	slices.Sort(parts)
	return slices.Compact(parts)
}

// Statements returns the statements of some experiments.
func Statements(ids []string) (all []results.Statement) {
	for _, id := range ids {
		all = append(all, ByID(id).Statement)
	}
	return all
}

// IDs returns the numbers of all experiments, in their order.
func IDs() (ids []string) {
	for _, e := range experiments {
		ids = append(ids, e.ID)
	}
	return ids
}

// For returns the experiments of a plan that names none: all, or the quick ones and
// the ones whose parts are measured anyway.
func For(p results.Plan) (ids []string) {
	for _, e := range experiments {
		measured := !slices.ContainsFunc(e.Parts, func(part results.Part) bool { return !p.Has(part) })
		if p.AllClaims || measured && (e.run == nil || e.quick) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// ByID returns the experiment with that number, nil if there is none.
func ByID(id string) *Experiment {
	for _, e := range experiments {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// Foreign reports whether the experiment can tell something of our models while they
// serve another protocol: it has no runs of its own, which are in this project's.
func (e *Experiment) Foreign() bool { return e.run == nil }

// RunsWith reports whether the experiment has runs of its own with the server.
func (e *Experiment) RunsWith(s *results.Server) bool {
	return e.run != nil && s.Ours() && (e.with == nil || e.with(s))
}

// expect returns the predictions that follow from what our models declare. verdict
// returns the expected verdict on a variant; "": none. A model's entry holds for each
// of its variants without an entry.
func expect(verdict func(models.Variant) results.Verdict) map[string]results.Verdict {
	predictions := make(map[string]results.Verdict)
	for _, v := range models.Variants() {
		if expected := verdict(v); expected != "" && expected != predictions[v.Model] {
			predictions[v.Name()] = expected
		}
	}
	return predictions
}

// yesIf returns the verdict for an answer.
func yesIf(yes bool) results.Verdict {
	if yes {
		return results.Confirmed
	}
	return results.Refuted
}

// oneAtATime is the prediction for a claim about servers that serve one client at a
// time.
func oneAtATime(v models.Variant) results.Verdict { return yesIf(v.OneAtATime()) }

// goroutineEach reports whether each client that is served has a goroutine, and so a
// stack.
func goroutineEach(v models.Variant) bool {
	return v.Kind == server.Blocking && !v.OneAtATime()
}

// predicted returns the expected verdict on a server; "": none.
func (e *Experiment) predicted(s *results.Server) results.Verdict {
	return cmp.Or(e.Predictions[s.Name], e.Predictions[s.Model()])
}

// Length returns about how long the experiment's runs with a server take.
func (e *Experiment) Length(p results.Plan, s *results.Server) time.Duration {
	if !e.RunsWith(s) {
		return 0
	}
	return e.takes(p, s)
}

// CanRun reports whether the experiment can run with the server. An experiment that
// starts no server can run with one that this system cannot run.
func (e *Experiment) CanRun(s *results.Server) bool { return !s.Out() || e.reads && s.DNF == "" }

// Measure runs the experiment with a server, and returns a line about it. A server's
// fault becomes a part of the results; an error means that ctx is over.
func (e *Experiment) Measure(ctx context.Context, b *bench.Bench, s *results.Server) (line string, err error) {
	first := len(b.Results.Trials)
	err = e.run(ctx, b, s)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		b.Results.Trials = append(b.Results.Trials, results.Trial{Experiment: e.ID, Server: s.Name, Note: err.Error()})
		return fmt.Sprintf("%s: %s: %v", e.ID, s.Name, err), nil
	default:
		return fmt.Sprintf("%s: %s: %s", e.ID, s.Name, format.Count(len(b.Results.Trials)-first, "run")), nil
	}
}

// Judge draws the verdicts from the measurements.
func Judge(r *results.Results) (all []results.Claim) {
	for _, id := range r.Plan.Experiments {
		e := ByID(id)
		if e == nil {
			continue // from a file of another version
		}
		c := results.Claim{Experiment: id, Headline: -1}
		var about []results.Finding
		known := false // the question is answered for some server
		for _, s := range r.Servers {
			f, measured := e.judge(r, s)
			known = known || measured
			if !measured && s.Unavailable != "" && !e.reads && (e.run == nil || e.RunsWith(s)) {
				f = results.Finding{Verdict: results.NotAvailable, Why: s.Unavailable}
			} else if !measured {
				continue
			}
			f.Experiment, f.Server, f.Predicted = id, s.Name, e.predicted(s)
			for i, t := range r.Trials {
				if t.Experiment == id && t.Server == s.Name {
					f.Trials = append(f.Trials, i)
				}
			}
			if slices.Contains(e.About, s.Name) && f.Verdict != results.NotAvailable {
				about = append(about, f)
				if c.Headline < 0 {
					c.Headline = len(c.Findings)
				}
			}
			c.Findings = append(c.Findings, f)
		}
		nobody := !slices.ContainsFunc(r.Servers, func(s *results.Server) bool { return s.Unavailable == "" })
		if len(c.Findings) == 0 || !known && !nobody {
			continue // it did not run, or was interrupted
		}
		if !known {
			c.Verdict, c.Headline = results.NotAvailable, 0
			all = append(all, c)
			continue
		}
		sum := e.sum
		if sum == nil {
			sum = common
		}
		c.Verdict, c.When = sum(r, about)
		c.Disturbed = c.Verdict.Decided() && !e.counts && r.Disturbed() != ""
		all = append(all, c)
	}
	return all
}
