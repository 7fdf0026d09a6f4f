// Package claims shows what the experiments say of the article's claims: verdicts,
// numbers, pictures, and the runs behind them.
package claims

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Claim is one of the article's claims: a card on the wall, and a section.
type Claim struct {
	Anchor string
	results.Statement
	// AboutWhom names the models that the claim is about.
	AboutWhom string
	Predicted []Prediction
	Stamp     Stamp
	// Headline is nil if there is no number to quote.
	Headline *Headline
	// Doubts are worth knowing before the number is quoted.
	Doubts   []string
	Strip    *plot.Picture // nil: there are no numbers
	Findings []Finding
	Pictures []*plot.Figure
	Trials   plot.Table
}

// Prediction is an answer with the servers for which it is expected.
type Prediction struct{ Answer, Servers string }

// Stamp is the verdict on a claim. Each verdict has its own sign and its own edge. None
// has a colour, because a refuted claim is as good a result as a confirmed one.
type Stamp struct {
	Class, Sign, Text string
	When              string
	Disturbed         bool // other programs may have made the verdict
}

// Headline is the number to quote. Value is empty if there is none, and Why says
// why.
type Headline struct {
	Value, Range, Server, Why string
	Close                     bool
	// Against is the predicted answer that it contradicts.
	Against string
}

// Finding is a row in the table of findings: what a server answers to the claim's
// question, and what was predicted.
type Finding struct {
	Server, Answer, Value, Range, Predicted, Why string
	Close, Surprising                            bool
	Disturbed                                    bool // other programs may have made the answer
}

// answers are what a server's verdict is called. Only a claim is confirmed or refuted.
var answers = map[results.Verdict]string{
	results.Confirmed:     "yes",
	results.Refuted:       "no",
	results.OnlyWhen:      "only when",
	results.NotMeasurable: "not measurable here",
	results.NotAvailable:  "not available",
}

func answerOf(v results.Verdict) string {
	if known, ok := answers[v]; ok {
		return known
	}
	return cmp.Or(strings.ToLower(string(v)), format.Absent)
}

var stamps = map[results.Verdict]Stamp{
	results.Confirmed:     {Class: "yes", Sign: "✓", Text: string(results.Confirmed)},
	results.Refuted:       {Class: "no", Sign: "≠", Text: string(results.Refuted)},
	results.OnlyWhen:      {Class: "when", Sign: "◐", Text: string(results.OnlyWhen)},
	results.NotMeasurable: {Class: "none", Sign: "?", Text: string(results.NotMeasurable)},
	results.NotAvailable:  {Class: "none", Sign: "–", Text: string(results.NotAvailable)},
}

func stampOf(v results.Verdict, when string) Stamp {
	s, known := stamps[v]
	if !known {
		s = Stamp{Class: "none", Sign: "?", Text: cmp.Or(string(v), "NO VERDICT")}
	}
	s.When = when
	return s
}

// experimentsOf returns the experiments with runs or verdicts, in the order of their
// numbers. An experiment without a statement has its number only.
func experimentsOf(r *results.Results) (all []*results.Statement) {
	have := make(map[string]bool)
	for _, c := range r.Claims {
		have[c.Experiment] = true
	}
	for _, t := range r.Trials {
		have[t.Experiment] = true
	}
	for _, id := range slices.SortedFunc(maps.Keys(have), byNumber) {
		e := r.Statement(id)
		if e == nil {
			e = &results.Statement{ID: id, Title: "an experiment of another version"}
		}
		all = append(all, e)
	}
	return all
}

// byNumber puts E2 before E10.
func byNumber(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// number matches the experiments' numbers that may be in a file's name and in an
// address.
var number = regexp.MustCompile(`^E[0-9]{1,3}$`)

// IsNumber reports whether a name is the number of an experiment.
func IsNumber(name string) bool { return number.MatchString(name) }

// Of returns a claim for each experiment of the results.
func Of(r *results.Results) (all []*Claim) {
	for i, e := range experimentsOf(r) {
		slug := fmt.Sprintf("x%d", i)
		anchor := slug
		if IsNumber(e.ID) {
			slug, anchor = strings.ToLower(e.ID), e.ID
		}
		all = append(all, newClaim(r, e, slug, anchor))
	}
	return all
}

func newClaim(r *results.Results, e *results.Statement, slug, anchor string) *Claim {
	c := &Claim{
		Anchor:    anchor,
		Statement: *e,
		AboutWhom: strings.Join(e.About, ", "),
		Predicted: predictions(e),
		Stamp:     stampOf("", "it was not judged"),
		Trials:    trialTable(r, e),
	}
	i := slices.IndexFunc(r.Claims, func(c results.Claim) bool { return c.Experiment == e.ID })
	var found results.Claim
	if i >= 0 {
		found = r.Claims[i]
		c.Stamp = stampOf(found.Verdict, found.When)
		c.Stamp.Disturbed = found.Disturbed
		c.Headline = headlineOf(found, e.Unit)
		c.Doubts = doubts(found)
		for _, f := range found.Findings {
			row := findingRow(f, e.Unit)
			row.Disturbed = found.Disturbed && f.Verdict.Decided()
			c.Findings = append(c.Findings, row)
		}
		c.Strip = strip(r, e, found, slug)
		if f := findingsFigure(r, e, found, slug); f != nil {
			c.Pictures = append(c.Pictures, f)
		}
	}
	c.Pictures = slices.Concat(stallFigures(r, e, found, slug), trendFigures(r, e, slug), caseFigures(r, e, slug), c.Pictures)
	return c
}

func headlineOf(c results.Claim, unit string) *Headline {
	f, known := c.Number()
	if !known {
		return nil
	}
	h := &Headline{Value: format.Amount(f.Number, unit), Range: format.Range(f.Low, f.High, unit), Server: f.Server, Why: f.Why, Close: f.Close}
	if f.Surprising() {
		h.Against = answerOf(f.Predicted)
	}
	if !f.Verdict.Decided() && f.Number == 0 {
		h.Value, h.Range = "", ""
	}
	return h
}

func doubts(c results.Claim) (all []string) {
	near, surprising := c.Doubts()
	if surprising != nil {
		all = append(all, "Not as predicted: "+strings.Join(surprising, ", "))
	}
	if near != nil {
		all = append(all, "Close, another run could decide otherwise: "+strings.Join(near, ", "))
	}
	return all
}

func findingRow(f results.Finding, unit string) Finding {
	row := Finding{
		Server: f.Server, Why: f.Why, Answer: answerOf(f.Verdict), Close: f.Close, Surprising: f.Surprising(),
		Value: format.Amount(f.Number, unit), Range: cmp.Or(format.Range(f.Low, f.High, unit), format.Absent), Predicted: answerOf(f.Predicted),
	}
	if !f.Verdict.Decided() && f.Number == 0 {
		row.Value, row.Range = format.Absent, format.Absent
	}
	return row
}

// predictions names the servers with the same prediction together.
func predictions(e *results.Statement) (all []Prediction) {
	for _, v := range []results.Verdict{results.Confirmed, results.Refuted, results.OnlyWhen, results.NotMeasurable} {
		var servers []string
		for _, name := range slices.Sorted(maps.Keys(e.Predictions)) {
			if e.Predictions[name] == v {
				servers = append(servers, name)
			}
		}
		if servers != nil {
			all = append(all, Prediction{answerOf(v), strings.Join(servers, ", ")})
		}
	}
	return all
}
