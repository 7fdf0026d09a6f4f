package lab

import (
	"context"
	"fmt"

	"github.com/ioflavors/ioflavors/common/conformance"
)

// Gate is the outcome of a server's check against the protocol.
type Gate struct {
	Passed int       `json:"passed"`
	Total  int       `json:"total"`
	Failed []Failure `json:"failed,omitempty"`
}

// Failure is a rule that a server does not follow.
type Failure struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

// conform checks a server against the rules that need no limits but the usual
// ones: what has to be waited for, timeouts, is left to the models' own tests.
func conform(ctx context.Context, addr string, s Subject) Gate {
	report := conformance.Check(ctx, addr, conformance.Options{OneAtATime: s.OneAtATime, Only: s.rules()})
	g := Gate{Passed: report.Passed(), Total: report.Total()}
	for _, f := range report.Failed() {
		g.Failed = append(g.Failed, Failure{Rule: f.ID, Reason: f.Reason})
	}
	return g
}

// rules names those that a server is checked against; nil: all.
func (s Subject) rules() []string {
	if len(s.Exceptions) == 0 {
		return nil
	}
	var ids []string
	for _, r := range conformance.Rules() {
		if s.Exceptions[r.ID] == "" {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

// String is short enough for a column: "17/17".
func (g *Gate) String() string {
	if g == nil {
		return "–"
	}
	return fmt.Sprintf("%d/%d", g.Passed, g.Total)
}
