package text

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// The notes count a closed loop's void cells.
func TestVoidCellsOfTheClosedLoopAreTold(t *testing.T) {
	r := wholeRun(t)
	said := func() string { return strings.Join(Notes(r), "\n") }
	assert.NotContains(t, said(), "of the closed loop")
	r.Runs[1].Load.Void = []string{"the generator itself did not run for 1s of 4s"}
	assert.Contains(t, said(), "cells of the closed loop rates are lower and times longer than the server's; one reason: the generator itself did not run for 1s of 4s.")
	assert.Contains(t, said(), "VOID: in 1 of ")
}

func TestAStallCheckThatFailsIsTold(t *testing.T) {
	p := &results.StallCheck{Server: "blind", Stopped: 2 * time.Second, Open: load.Result{Response: load.Times{P99: time.Millisecond}}}
	assert.False(t, p.Shows())
	assert.Contains(t, trustNotes((&results.Results{StallCheck: p}))[0], "DO NOT TRUST THIS RUN: blind")
}

// DISTURBED is the first line, and stands beside each verdict that it touches.
func TestADisturbedRunSaysSoFirst(t *testing.T) {
	r := wholeRun(t)
	r.Environment.Steal, r.Environment.Others = nil, new(0.8)
	r.Claims = experiments.Judge(r)
	var out bytes.Buffer
	require.NoError(t, Report(r, &out, Style{}, 120))
	assert.True(t, strings.HasPrefix(out.String(), "DISTURBED: 80 % of the machine's CPU time went elsewhere"), "%.200s", out.String())
	assert.Regexp(t, `\nE4 .*REFUTED, DISTURBED `, out.String())
	assert.NotRegexp(t, `\nE12 .*DISTURBED`, out.String(), "it counts calls")

	r.Environment.Others = new(0.04)
	r.Claims = experiments.Judge(r)
	out.Reset()
	require.NoError(t, Report(r, &out, Style{}, 120))
	assert.NotContains(t, out.String(), "DISTURBED")
}

// A note warns of more CPU time than the cores have.
func TestMoreThanItsCoresIsTold(t *testing.T) {
	r := &results.Results{Plan: results.Plan{Workloads: results.Workloads(load.DefaultWorkload())}, Servers: []*results.Server{{Target: results.Target{Name: "fine"}}, {Target: results.Target{Name: "wrong"}}}}
	impossible := &results.Resources{Cores: 1, Window: time.Second, CPU: 1020 * time.Millisecond, Uncertainty: time.Millisecond}
	fine := &results.Resources{Cores: 1, Window: time.Second, CPU: time.Second}
	r.Idle = []results.IdleCell{{Server: "fine", Resources: fine}, {Server: "wrong", Resources: impossible}, {Server: "fine"}}
	assert.Contains(t, Notes(r), "DO NOT TRUST THIS RUN: in 1 of 2 measurements a server used more CPU time than its cores have; "+
		"the first: wrong, 102.0 % of 1 core, where the clocks can be wrong by 0.1 %.")
	r.Idle[1].Resources = fine
	for _, note := range Notes(r) {
		assert.NotContains(t, note, "DO NOT TRUST")
	}
}

// A server with rules that were not judged is measured, and a note names the
// rules.
func TestRulesThatWereNotJudgedAreTold(t *testing.T) {
	r := &results.Results{Servers: []*results.Server{{Target: results.Target{Name: "busywait"}}, {Target: results.Target{Name: "eventloop"}}}}
	r.Servers[0].Rules = &results.Conformance{Passed: 1, Total: 2, NotJudged: []results.Failure{{Rule: "storm", Reason: "the server waited for a core"}}}
	assert.Empty(t, r.Failed())
	assert.Equal(t, []string{"?  busywait: 1 rule of 2 not judged, because this machine was busy; the first: storm: the server waited for a core"}, conformanceNotes(r))
}
