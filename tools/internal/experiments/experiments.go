// Package experiments puts the article's claims to the test: each has a file
// with its question, its predictions and its rule, which stand there before a
// server is measured.
package experiments

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/common/kvserver"
	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Experiment is a claim and how it is put to the test. Its statement stands before
// the run.
type Experiment struct {
	results.Statement

	// quick: it is part of the usual run.
	quick bool
	// counts: it counts what other programs do not change, however busy the machine
	// is.
	counts bool
	// reads: it starts no server, so that those that are not available here are in
	// it as well.
	reads bool
	run   func(ctx context.Context, b *bench.Bench, s *results.Server) error
	// with says which servers it is run with; nil: all that speak this project's
	// protocol.
	with func(s *results.Server) bool
	// takes is how long a run takes, about.
	takes func(p results.Plan, s *results.Server) time.Duration
	// judge answers the question for one server. measured is false if there is
	// nothing to judge by.
	judge func(r *results.Results, s *results.Server) (f results.Finding, measured bool)
	// sum draws the verdict from the findings on the models that the claim is
	// about; nil: that which all of them share, or ONLY WHEN with a list.
	sum func(r *results.Results, about []results.Finding) (v results.Verdict, when string)
}

// experiments are all there are, in the order of their numbers.
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

// Parts returns the parts that some experiments are judged by, and Claims.
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

// Statements returns those of some experiments.
func Statements(ids []string) (all []results.Statement) {
	for _, id := range ids {
		all = append(all, ByID(id).Statement)
	}
	return all
}

// IDs are the numbers of all, in their order.
func IDs() (ids []string) {
	for _, e := range experiments {
		ids = append(ids, e.ID)
	}
	return ids
}

// For returns the experiments that a plan without a choice has: all, or those that
// take a few seconds and whose parts are measured.
func For(p results.Plan) (ids []string) {
	for _, e := range experiments {
		measured := !slices.ContainsFunc(e.Parts, func(part results.Part) bool { return !p.Has(part) })
		if p.AllClaims || measured && (e.run == nil || e.quick) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// ByID returns the experiment of that number, nil if there is none.
func ByID(id string) *Experiment {
	for _, e := range experiments {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// RunsWith reports whether it has a run of its own with the server.
func (e *Experiment) RunsWith(s *results.Server) bool {
	return e.run != nil && s.Ours() && (e.with == nil || e.with(s))
}

// expect returns the predictions that follow from what our models declare. verdict
// returns what is expected of a variant; "": nothing is. An entry for a model is for
// those of its variants that have none of their own.
func expect(verdict func(models.Variant) results.Verdict) map[string]results.Verdict {
	predictions := make(map[string]results.Verdict)
	for _, v := range models.Variants() {
		if expected := verdict(v); expected != "" && expected != predictions[v.Model] {
			predictions[v.Name()] = expected
		}
	}
	return predictions
}

// yesIf is the verdict of a question's answer.
func yesIf(yes bool) results.Verdict {
	if yes {
		return results.Confirmed
	}
	return results.Refuted
}

// oneAtATime is the verdict on a claim that holds for servers that serve one client
// at a time.
func oneAtATime(v models.Variant) results.Verdict { return yesIf(v.OneAtATime()) }

// goroutineEach reports whether each client that is served has a goroutine, and so a
// stack.
func goroutineEach(v models.Variant) bool {
	return v.Kind == kvserver.Blocking && !v.OneAtATime()
}

// predicted returns what is expected of a server; empty: nothing.
func (e *Experiment) predicted(s *results.Server) results.Verdict {
	return cmp.Or(e.Predictions[s.Name], e.Predictions[s.Model()])
}

// Length is how long the experiment's runs with a server take, about.
func (e *Experiment) Length(p results.Plan, s *results.Server) time.Duration {
	if !e.RunsWith(s) {
		return 0
	}
	return e.takes(p, s)
}

// CanRun reports whether a server is still in the race, as far as the experiment
// needs it to run.
func (e *Experiment) CanRun(s *results.Server) bool { return !s.Out() || e.reads && s.DNF == "" }

// Measure runs the experiment with a server, and returns what to tell. What is wrong
// with the server is part of the results; an error means that ctx is over.
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

// Judge draws the verdicts from what was measured.
func Judge(r *results.Results) (all []results.Claim) {
	for _, id := range r.Plan.Experiments {
		e := ByID(id)
		if e == nil {
			continue // of another version
		}
		c := results.Claim{Experiment: id, Headline: -1}
		var about []results.Finding
		known := false // of some server
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
			continue // it was not run, or ended before
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
