package bench

import (
	"context"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Conform checks a server against the rules that hold with its usual limits. The models'
// own tests check timeouts, which take long.
func Conform(ctx context.Context, p *proc.Process, s results.Target) results.Conformance {
	o := conformance.Options{OneAtATime: s.OneAtATime, Only: rulesFor(s), Process: p.PID}
	if len(s.CheckFlags) > 0 {
		o.TurnLimit = models.CheckTurn
	}
	return conformanceOf(conformance.Check(ctx, p.Addr, o))
}

func conformanceOf(report conformance.Report) results.Conformance {
	g := results.Conformance{Passed: report.Passed(), Total: report.Total()}
	for _, f := range report.Failed() {
		g.Failed = append(g.Failed, results.Failure{Rule: f.ID, Reason: printable.Line(f.Reason)})
	}
	for _, r := range report.NotJudged() {
		g.NotJudged = append(g.NotJudged, results.Failure{Rule: r.ID, Reason: printable.Line(r.Reason)})
	}
	return g
}

// rulesFor returns the rules that a server is checked against; nil: all. With CheckFlags it
// leaves out the rule about the length of turns, which the models' own tests check.
func rulesFor(s results.Target) []string {
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
