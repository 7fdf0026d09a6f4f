package report

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
)

// claim is what the page says of one of the article's claims: a card on the
// wall, and a section.
type claim struct {
	Anchor string
	results.Statement
	// AboutWhom, Predicted: of which servers.
	AboutWhom string
	Predicted []pair
	Stamp     stamp
	// Number is nil if there is none.
	Number *headline
	// Doubts are what to know before the number is quoted.
	Doubts   []string
	Strip    *picture // nil: there are no numbers
	Findings []foundRow
	Pictures []*figure
	// Elsewhere are the sections with what else it is judged by.
	Elsewhere []link
	Trials    table
	Repeat    string
	// Short: it was not given the time that it needs.
	Short  bool
	Source string
}

// stamp is a verdict.
type stamp struct {
	Class, Sign, Text string
	When              string
	Disturbed         bool // what ran besides may have made it
}

// headline is the number to quote; Value is empty if there is none, and Why says
// why.
type headline struct {
	Value, Range, Server, Why string
	Close                     bool
	// Against is the prediction that it contradicts.
	Against string
}

// foundRow is a finding in the table.
type foundRow struct {
	Server, Value, Range, Predicted, Why string
	Stamp                                stamp
	Close, Surprising                    bool
}

// link is to a section.
type link struct{ Anchor, Text string }

// stamps are told apart by their sign and their edge, too.
var stamps = map[results.Verdict]stamp{
	results.Confirmed:     {Class: "yes", Sign: "✓", Text: string(results.Confirmed)},
	results.Refuted:       {Class: "no", Sign: "✗", Text: string(results.Refuted)},
	results.OnlyWhen:      {Class: "when", Sign: "◐", Text: string(results.OnlyWhen)},
	results.NotMeasurable: {Class: "none", Sign: "?", Text: string(results.NotMeasurable)},
	results.NotAvailable:  {Class: "none", Sign: "–", Text: string(results.NotAvailable)},
}

func stampOf(v results.Verdict, when string) stamp {
	s, known := stamps[v]
	if !known {
		s = stamp{Class: "none", Sign: "?", Text: cmp.Or(string(v), "NO VERDICT")}
	}
	s.When = when
	return s
}

// experimentsOf are those that the results have something of, in the order of their
// numbers. Of what is said of none of them in the results, there is no more than that.
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

// byNumber has E2 before E10.
func byNumber(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// number is an experiment's in a name of a file, and in an address.
var number = regexp.MustCompile(`^E[0-9]{1,3}$`)

// claims returns a card and a section for each experiment.
func claims(r *results.Results) (all []*claim) {
	for i, e := range experimentsOf(r) {
		slug := fmt.Sprintf("x%d", i)
		anchor := slug
		if number.MatchString(e.ID) {
			slug, anchor = strings.ToLower(e.ID), e.ID
		}
		all = append(all, newClaim(r, e, slug, anchor))
	}
	return all
}

func newClaim(r *results.Results, e *results.Statement, slug, anchor string) *claim {
	c := &claim{
		Anchor:    anchor,
		Statement: *e,
		AboutWhom: strings.Join(e.About, ", "),
		Predicted: predictions(e),
		Stamp:     stampOf("", "it was not judged"),
		Trials:    trialTable(r, e),
		Elsewhere: elsewhere(e),
		Repeat:    self.Line(repeatOnly(r, e.ID)),
		Short:     !r.Plan.AllClaims,
		Source:    results.Article,
	}
	i := slices.IndexFunc(r.Claims, func(c results.Claim) bool { return c.Experiment == e.ID })
	var found results.Claim
	if i >= 0 {
		found = r.Claims[i]
		c.Stamp = stampOf(found.Verdict, found.When)
		c.Stamp.Disturbed = found.Disturbed
		c.Number = headlineOf(found, e.Unit)
		c.Doubts = doubts(found)
		for _, f := range found.Findings {
			row := findingRow(f, e.Unit)
			row.Stamp.Disturbed = found.Disturbed && f.Verdict.Decided()
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

func headlineOf(c results.Claim, unit string) *headline {
	f, known := c.Number()
	if !known {
		return nil
	}
	h := &headline{Value: amount(f.Number, unit), Range: amounts(f.Low, f.High, unit), Server: f.Server, Why: f.Why, Close: f.Close}
	if f.Surprising() {
		h.Against = string(f.Predicted)
	}
	if !f.Verdict.Decided() && f.Number == 0 {
		h.Value, h.Range = "", ""
	}
	return h
}

// doubts names the servers for which another run could decide otherwise, and
// those for which it came otherwise than predicted.
func doubts(c results.Claim) (all []string) {
	var near, surprising []string
	for _, f := range c.Findings {
		if f.Close {
			near = append(near, f.Server)
		}
		if f.Surprising() {
			surprising = append(surprising, f.Server)
		}
	}
	if surprising != nil {
		all = append(all, "Not as predicted: "+strings.Join(surprising, ", "))
	}
	if near != nil {
		all = append(all, "Close, another run could decide otherwise: "+strings.Join(near, ", "))
	}
	return all
}

func findingRow(f results.Finding, unit string) foundRow {
	row := foundRow{
		Server: f.Server, Why: f.Why, Stamp: stampOf(f.Verdict, ""), Close: f.Close, Surprising: f.Surprising(),
		Value: amount(f.Number, unit), Range: cmp.Or(amounts(f.Low, f.High, unit), format.Absent), Predicted: cmp.Or(string(f.Predicted), format.Absent),
	}
	if !f.Verdict.Decided() && f.Number == 0 {
		row.Value, row.Range = format.Absent, format.Absent
	}
	return row
}

// predictions names the servers of which the same was expected.
func predictions(e *results.Statement) (all []pair) {
	for _, v := range []results.Verdict{results.Confirmed, results.Refuted, results.OnlyWhen, results.NotMeasurable} {
		var servers []string
		for _, name := range slices.Sorted(maps.Keys(e.Predictions)) {
			if e.Predictions[name] == v {
				servers = append(servers, name)
			}
		}
		if servers != nil {
			all = append(all, pair{string(v), strings.Join(servers, ", ")})
		}
	}
	return all
}

// sections are where the pictures of the lab's parts are.
var sections = map[results.Part]link{
	results.Closed:     {"cost", "server CPU per request"},
	results.OpenLoop:   {"rate", "response time against offered rate"},
	results.Idle:       {"idle-burn", "what silent connections cost"},
	results.Syscalls:   {"syscalls", "system calls"},
	results.Capacities: {"capacity", "capacity"},
	results.Stall:      {"stop", "a stop"},
}

func elsewhere(e *results.Statement) (all []link) {
	for _, part := range e.Parts {
		if l, known := sections[part]; known {
			all = append(all, l)
		}
	}
	return all
}

// program is how the lab's user has started the program: the command up to what
// it is to do.
func program(r *results.Results) []string {
	if n := slices.Index(r.Command, "lab"); n > 0 {
		return slices.Clone(r.Command[:n])
	}
	return self.Command()
}

// repeatOnly is the command of the results for one experiment.
func repeatOnly(r *results.Results, id string) []string {
	command := append(program(r), "lab", "--only", id)
	rest := r.Command[slices.Index(r.Command, "lab")+1:]
	if len(r.Command) < 2 {
		return append(command, "--seed", fmt.Sprint(r.Plan.Seed))
	}
	for i := 0; i < len(rest); i++ {
		switch word := rest[i]; {
		case word == "--claims", word == "--full", word == "--quick":
		case word == "--only" && i+1 < len(rest):
			i++
			if value := rest[i]; !isPartOrExperiment(value) {
				command = append(command, word, value) // a model
			}
		default:
			command = append(command, word)
		}
	}
	return command
}

func isPartOrExperiment(name string) bool {
	return slices.Contains(results.Parts, results.Part(name)) || number.MatchString(name)
}
