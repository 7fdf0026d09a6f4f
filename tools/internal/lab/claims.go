package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Article is where the claims are from.
const Article = "https://tech-lessons.in/en/blog/many_flavors_of_networking_io"

// Verdict is what an experiment says of a claim.
type Verdict string

const (
	Confirmed     Verdict = "CONFIRMED"
	Refuted       Verdict = "REFUTED"
	OnlyWhen      Verdict = "ONLY WHEN"
	NotMeasurable Verdict = "NOT MEASURABLE HERE"
	// NotAvailable: this system cannot run the server, so it was not tried.
	NotAvailable Verdict = "NOT AVAILABLE"
)

// Decided reports whether the question has an answer: whether there are figures,
// and they say something.
func (v Verdict) Decided() bool { return v != "" && v != NotMeasurable && v != NotAvailable }

// Statement is what an experiment says before a server is measured. The results have
// it too, so that a file shows the rule that its claims were judged by.
type Statement struct {
	ID    string `json:"id"` // "E2"
	Title string `json:"title"`
	// Quotes are the article's words. Some experiments are on what it leaves
	// out.
	Quotes []string `json:"quotes,omitempty"`
	// Question is what is asked of each server: yes confirms the claim.
	Question string `json:"question"`
	// About are the models that the claim is on: the verdict is theirs. The
	// others are measured for comparison.
	About []string `json:"about"`
	// Predictions are what is expected of servers, by the whole name or by the
	// model's. Of others nothing is.
	Predictions map[string]Verdict `json:"predictions,omitempty"`
	// Metric is what the verdict's number is, Unit what it counts, and Rule from
	// which number on the answer is yes or no.
	Metric string `json:"metric"`
	Unit   string `json:"unit"`
	Rule   string `json:"rule"`
	// Parts are those of the lab that it is judged by. One with no run of its
	// own takes no time.
	Parts []Part `json:"parts,omitempty"`
	// Shows is what a picture of its runs shows; empty: the response time. Against
	// is what Trial.X counts, where it is varied.
	Shows   Measure `json:"shows,omitempty"`
	Against string  `json:"against,omitempty"`
}

// Measure is something that can be said of a trial.
type Measure string

// The measures that an experiment may be about.
const (
	ClientsServed      Measure = "clients served"
	CPUPerRequest      Measure = "CPU/request"
	SwitchesPerRequest Measure = "switches/request"
)

// Experiment is a claim and how it is put to the test. Its statement stands before
// the run.
type Experiment struct {
	Statement

	// quick: it is part of the usual run.
	quick bool
	// counts: it counts what other programs do not change, however busy the machine
	// is.
	counts bool
	// reads: it starts no server, so that those that are not available here are in
	// it as well.
	reads bool
	run   func(ctx context.Context, b *bench, s *Server) error
	// with says which servers it is run with; nil: all that speak this project's
	// protocol.
	with func(s *Server) bool
	// takes is how long a run takes, about.
	takes func(p Plan, s *Server) time.Duration
	// judge answers the question for one server. measured is false if there is
	// nothing to judge by.
	judge func(r *Results, s *Server) (f Finding, measured bool)
	// sum draws the verdict from the findings on the models that the claim is
	// about; nil: that which all of them share, or ONLY WHEN with a list.
	sum func(r *Results, about []Finding) (v Verdict, when string)
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
	experimentDeaf,
	experimentBlocking,
}

// Experiments are all there are, in the order of their numbers.
func Experiments() []*Experiment { return slices.Clone(experiments) }

// ExperimentParts returns the parts that some experiments are judged by, and
// Claims.
func ExperimentParts(ids []string) []Part {
	parts := []Part{Claims}
	for _, e := range experiments {
		if len(ids) == 0 || slices.Contains(ids, e.ID) {
			parts = append(parts, e.Parts...)
		}
	}
	slices.Sort(parts)
	return slices.Compact(parts)
}

// Statements returns those of some experiments.
func Statements(ids []string) (all []Statement) {
	for _, id := range ids {
		all = append(all, experiment(id).Statement)
	}
	return all
}

func experimentIDs() (ids []string) {
	for _, e := range experiments {
		ids = append(ids, e.ID)
	}
	return ids
}

// experimentsFor returns those that a plan without a choice has: all, or those
// that take a few seconds and whose parts are measured.
func experimentsFor(p Plan) (ids []string) {
	for _, e := range experiments {
		measured := !slices.ContainsFunc(e.Parts, func(part Part) bool { return !p.has(part) })
		if p.AllClaims || measured && (e.run == nil || e.quick) {
			ids = append(ids, e.ID)
		}
	}
	return ids
}

// experiment returns the one of that number, nil if there is none.
func experiment(id string) *Experiment {
	for _, e := range experiments {
		if e.ID == id {
			return e
		}
	}
	return nil
}

// runsWith reports whether it has a run of its own with the server.
func (e *Experiment) runsWith(s *Server) bool {
	return e.run != nil && s.ours() && (e.with == nil || e.with(s))
}

// predicted returns what is expected of a server; empty: nothing.
func (e *Experiment) predicted(s *Server) Verdict {
	return cmp.Or(e.Predictions[s.Name], e.Predictions[s.model()])
}

// Trial is one run of an experiment.
type Trial struct {
	Experiment string `json:"experiment"`
	Server     string `json:"server"`
	// Case is what was different from the experiment's other runs, in words, and
	// X the same as a number, where there is one: of connections, say.
	Case string  `json:"case,omitempty"`
	X    float64 `json:"x,omitempty"`
	// Load is what the generator saw, Callers what clients saw who come, ask and
	// go, and Resources what the server used; nil where there were none.
	Load      *load.Result `json:"load,omitempty"`
	Callers   *Timeline    `json:"callers,omitempty"`
	Resources *Resources   `json:"resources,omitempty"`
	// Steal and Others are as in Cell.
	Steal  *float64 `json:"steal,omitempty"`
	Others *float64 `json:"others,omitempty"`
	// Attacks are what was done to the server meanwhile.
	Attacks []Attack `json:"attacks,omitempty"`
	// Figures are what else was counted, by name with its unit.
	Figures map[string]float64 `json:"figures,omitempty"`
	// Note is why there is less here than there should be.
	Note string `json:"note,omitempty"`
}

// Finding is an experiment's answer for one server.
type Finding struct {
	Experiment string  `json:"experiment"`
	Server     string  `json:"server"`
	Verdict    Verdict `json:"verdict"`
	// Number is what it rests on, and Low and High the smallest and the largest
	// of its repeats; equal to Number if it was measured once.
	Number float64 `json:"number"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
	// Close: another run could decide otherwise.
	Close bool `json:"close,omitempty"`
	// Predicted is what was expected; empty: nothing.
	Predicted Verdict `json:"predicted,omitempty"`
	// Why is the finding in a sentence, or why there is none.
	Why string `json:"why"`
	// Trials are the runs that it rests on, counted from 0 among the results'.
	Trials []int `json:"trials,omitempty"`
}

// leaveOut notes that the finding rests on fewer runs than there were, and why;
// nothing for "".
func (f *Finding) leaveOut(why string) {
	if why != "" {
		f.Why += "; left out what the machine disturbed: " + why
	}
}

// Surprising reports whether the finding contradicts its prediction.
func (f Finding) Surprising() bool {
	return f.Predicted != "" && f.Verdict.Decided() && f.Verdict != f.Predicted
}

// Claim is an experiment's outcome.
type Claim struct {
	Experiment string  `json:"experiment"`
	Verdict    Verdict `json:"verdict"`
	// When completes ONLY WHEN.
	When string `json:"when,omitempty"`
	// Headline is the finding with the number to quote: of a server that the
	// claim is about.
	Headline int `json:"headline"` // in Findings
	// Disturbed: so much else ran beside the run that the verdict may be the
	// machine's.
	Disturbed bool      `json:"disturbed,omitempty"`
	Findings  []Finding `json:"findings,omitempty"`
}

// Number returns the headline, the finding with the number to quote. known is
// false if the run had none of the servers that the claim is about.
func (c Claim) Number() (f Finding, known bool) {
	if c.Headline < 0 || c.Headline >= len(c.Findings) {
		return Finding{}, false
	}
	return c.Findings[c.Headline], true
}

// claims runs the plan's experiments that have runs of their own.
func (b *run) claims(ctx context.Context) error {
	for _, id := range b.results.Plan.Experiments {
		e, ran := experiment(id), false
		for _, s := range b.results.Servers {
			if !e.runsWith(s) {
				continue
			}
			ran = true
			planned := e.length(b.results.Plan, s)
			if !e.canRun(s) {
				b.progress.finished(planned, "")
				continue
			}
			b.progress.doing(s.Name, e.ID+" · "+e.Title)
			line, err := e.measure(ctx, b.bench, s)
			if err != nil {
				return err
			}
			b.progress.finished(planned, line)
		}
		if ran {
			b.saved()
		}
	}
	return nil
}

// length is how long the experiment's runs with a server take, about.
func (e *Experiment) length(p Plan, s *Server) time.Duration {
	if !e.runsWith(s) {
		return 0
	}
	return e.takes(p, s)
}

// canRun reports whether a server is still in the race, as far as the experiment
// needs it to run.
func (e *Experiment) canRun(s *Server) bool { return !s.out() || e.reads && s.DNF == "" }

// measure runs the experiment with a server, and returns what to tell. What is wrong
// with the server is part of the results; an error means that ctx is over.
func (e *Experiment) measure(ctx context.Context, b *bench, s *Server) (line string, err error) {
	first := len(b.results.Trials)
	err = e.run(ctx, b, s)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		b.results.Trials = append(b.results.Trials, Trial{Experiment: e.ID, Server: s.Name, Note: err.Error()})
		return fmt.Sprintf("%s: %s: %v", e.ID, s.Name, err), nil
	default:
		return fmt.Sprintf("%s: %s: %s", e.ID, s.Name, count(len(b.results.Trials)-first, "run")), nil
	}
}

// Judge draws the verdicts from what was measured.
func Judge(r *Results) (all []Claim) {
	for _, id := range r.Plan.Experiments {
		e := experiment(id)
		if e == nil {
			continue // of another version
		}
		c := Claim{Experiment: id, Headline: -1}
		var about []Finding
		known := false // of some server
		for _, s := range r.Servers {
			f, measured := e.judge(r, s)
			known = known || measured
			if !measured && s.Unavailable != "" && !e.reads && (e.run == nil || e.runsWith(s)) {
				f = Finding{Verdict: NotAvailable, Why: s.Unavailable}
			} else if !measured {
				continue
			}
			f.Experiment, f.Server, f.Predicted = id, s.Name, e.predicted(s)
			for i, t := range r.Trials {
				if t.Experiment == id && t.Server == s.Name {
					f.Trials = append(f.Trials, i)
				}
			}
			if slices.Contains(e.About, s.Name) && f.Verdict != NotAvailable {
				about = append(about, f)
				if c.Headline < 0 {
					c.Headline = len(c.Findings)
				}
			}
			c.Findings = append(c.Findings, f)
		}
		nobody := !slices.ContainsFunc(r.Servers, func(s *Server) bool { return s.Unavailable == "" })
		if len(c.Findings) == 0 || !known && !nobody {
			continue // it was not run, or ended before
		}
		if !known {
			c.Verdict, c.Headline = NotAvailable, 0
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

// common is the verdict that all findings share.
func common(_ *Results, about []Finding) (Verdict, string) {
	if len(about) == 0 {
		return NotMeasurable, ""
	}
	var yes []string
	for _, f := range about {
		if f.Verdict == Confirmed {
			yes = append(yes, f.Server)
		}
	}
	switch {
	case len(yes) == len(about):
		return Confirmed, ""
	case len(yes) > 0:
		return OnlyWhen, "the server is " + strings.Join(yes, " or ")
	default:
		return about[0].Verdict, ""
	}
}

// byThreshold answers yes from yes on, no up to no, and in between what is
// nearer, which is close; so is a repeat on the other side. Where yes is less
// than no it is the other way round.
func byThreshold(numbers []float64, yes, no float64) Finding {
	slices.Sort(numbers)
	f := Finding{Number: numbers[len(numbers)/2], Low: numbers[0], High: numbers[len(numbers)-1]}
	above := func(x float64) bool { return (x >= (yes+no)/2) == (yes > no) }
	f.Verdict = Refuted
	if above(f.Number) {
		f.Verdict = Confirmed
	}
	between := f.Number > min(yes, no) && f.Number < max(yes, no)
	f.Close = between || above(f.Low) != above(f.High)
	return f
}
