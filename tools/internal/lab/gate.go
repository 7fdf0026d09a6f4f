package lab

import (
	"context"
	"fmt"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// Gate is the outcome of a server's check against the protocol.
type Gate struct {
	Passed int       `json:"passed"`
	Total  int       `json:"total"`
	Failed []Failure `json:"failed,omitempty"`
	// NotJudged are the rules that ran out of time because the machine was busy:
	// they say nothing about the server, which is measured all the same.
	NotJudged []Failure `json:"not_judged,omitempty"`
}

// Failure is a rule that a server does not follow, or that was not judged.
type Failure struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

// conform checks a server against the rules that need no limits but the usual
// ones: what has to be waited for, timeouts, is left to the models' own tests.
func conform(ctx context.Context, p *process, s Subject) Gate {
	o := conformance.Options{OneAtATime: s.OneAtATime, Only: rulesFor(s), Process: p.pid}
	if len(s.CheckFlags) > 0 {
		o.TurnLimit = checkTurn
	}
	return gateOf(conformance.Check(ctx, p.addr, o))
}

func gateOf(report conformance.Report) Gate {
	g := Gate{Passed: report.Passed(), Total: report.Total()}
	for _, f := range report.Failed() {
		g.Failed = append(g.Failed, Failure{Rule: f.ID, Reason: printable.Line(f.Reason)})
	}
	for _, r := range report.NotJudged() {
		g.NotJudged = append(g.NotJudged, Failure{Rule: r.ID, Reason: printable.Line(r.Reason)})
	}
	return g
}

// rulesFor names the rules that a server is checked against; nil: all. The rule about the
// length of turns is left to the models' own tests.
func rulesFor(s Subject) []string {
	if len(s.Exceptions) == 0 && len(s.CheckFlags) == 0 {
		return nil
	}
	var ids []string
	for _, r := range conformance.Rules() {
		turns := len(s.CheckFlags) > 0 && r.ID == "turn-limit"
		if s.Exceptions[r.ID] == "" && !turns {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// String is short enough for a column: "17/17". A "?" is for rules that were not
// judged.
func (g *Gate) String() string {
	if g == nil {
		return "–"
	}
	text := fmt.Sprintf("%d/%d", g.Passed, g.Total)
	if len(g.NotJudged) > 0 {
		text += "?"
	}
	return text
}

// gateNotes tell of the rules that were not judged.
func gateNotes(r *Results) (notes []string) {
	for _, s := range r.Servers {
		if s.Rules == nil || len(s.Rules.NotJudged) == 0 {
			continue
		}
		first := s.Rules.NotJudged[0]
		notes = append(notes, fmt.Sprintf("?  %s: %s of %d not judged, because this machine was busy; the first: %s: %s",
			s.Name, count(len(s.Rules.NotJudged), "rule"), s.Rules.Total, first.Rule, first.Reason))
	}
	return notes
}
