package experiments

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// judged is results in which experiments were run with servers of those names.
func judged(ids []string, servers ...string) *results.Results {
	r := &results.Results{Plan: results.Plan{Experiments: ids}, Environment: results.Environment{Cores: 2}}
	for _, name := range servers {
		r.Servers = append(r.Servers, &results.Server{Target: results.Target{Name: name}})
	}
	return r
}

// claim judges the one experiment of the results.
func claim(t *testing.T, r *results.Results) results.Claim {
	t.Helper()
	all := Judge(r)
	require.Len(t, all, 1)
	return all[0]
}

// found returns a server's finding.
func found(t *testing.T, c results.Claim, server string) results.Finding {
	t.Helper()
	for _, f := range c.Findings {
		if f.Server == server {
			return f
		}
	}
	require.Fail(t, "nothing was found", server)
	return results.Finding{}
}

// ran is a run of a second. requests is the number of answered requests, and cpu
// the server's CPU time.
func ran(id, server, what string, x float64, requests int64, cpu time.Duration) results.Trial {
	return results.Trial{
		Experiment: id, Server: server, Case: what, X: x,
		Load:      &load.Result{Seconds: 1, Offered: requests, Requests: requests, Served: int(x)},
		Resources: &results.Resources{Window: time.Second, CPU: cpu},
	}
}

func TestOneAtATimeIsJudged(t *testing.T) {
	r := judged([]string{"E1"}, "singleblocking", "busywait", "busywait --one-at-a-time", "eventloop", "multiblocking")
	for server, served := range map[string]int{"singleblocking": 1, "busywait": 64, "busywait --one-at-a-time": 1, "eventloop": 20} {
		trial := ran("E1", server, "64 clients", 64, 100, 0)
		trial.Load.Served, trial.Load.Fairness = served, 0.5
		few := ran("E1", server, "4 clients", 4, 100, 0) // decides nothing
		r.Trials = append(r.Trials, few, trial)
	}
	r.Trials = append(r.Trials, results.Trial{Experiment: "E1", Server: "multiblocking", Note: "it ended"})
	c := claim(t, r)
	assert.Equal(t, results.OnlyWhen, c.Verdict)
	assert.Equal(t, "the server is singleblocking or busywait --one-at-a-time", c.When)
	assert.InDelta(t, 100.0/64, found(t, c, "singleblocking").Number, 1e-9)
	assert.True(t, found(t, c, "eventloop").Close)
	assert.Equal(t, results.Finding{Experiment: "E1", Server: "multiblocking", Verdict: results.NotMeasurable, Predicted: results.Refuted, Why: "it ended", Trials: []int{8}}, found(t, c, "multiblocking"))
}

// If no server gets beyond one core, that says nothing about any of them.
func TestUnusedCoresAreJudged(t *testing.T) {
	r := judged([]string{"E3"}, "singleblocking", "multiblocking", "eventloop")
	r.Trials = []results.Trial{
		ran("E3", "singleblocking", "", 0, 1, 900*time.Millisecond),
		ran("E3", "multiblocking", "", 0, 1, 1040*time.Millisecond),
	}
	c := claim(t, r)
	assert.Equal(t, results.NotMeasurable, c.Verdict)
	assert.InDelta(t, 0.9, found(t, c, "singleblocking").Number, 1e-9)
	assert.Len(t, c.Findings, 2, "there is no finding on a server that was not measured")

	r.Trials[1].Resources.CPU = 1500 * time.Millisecond
	c = claim(t, r)
	assert.Equal(t, results.Confirmed, c.Verdict)
	assert.Equal(t, results.Refuted, found(t, c, "multiblocking").Verdict)

	r.Trials[0].Resources = nil
	assert.Equal(t, results.NotMeasurable, claim(t, r).Verdict, "the system does not tell")
}

func TestSilentConnectionsAreJudged(t *testing.T) {
	r := judged([]string{"E4", "E7"}, "busywait", "busywait --one-at-a-time", "eventloop", "multiblocking", "multiblocking --os-threads")
	idle := func(server string, connections, threads int, rss int64, cpu time.Duration) {
		r.Idle = append(r.Idle, results.IdleCell{Server: server, Connections: connections, Resources: &results.Resources{Window: time.Second, CPU: cpu, RSS: rss, Threads: threads}})
	}
	idle("busywait", 0, 5, 10<<20, 990*time.Millisecond)
	idle("busywait", 1_000, 5, 10<<20+1_000<<8, 700*time.Millisecond)
	idle("busywait --one-at-a-time", 0, 5, 10<<20, 900*time.Millisecond)
	idle("busywait --one-at-a-time", 1, 5, 10<<20, 900*time.Millisecond)
	idle("eventloop", 0, 5, 10<<20, 0)
	idle("eventloop", 1_000, 5, 10<<20+1_000<<10, 200*time.Millisecond)
	idle("multiblocking", 0, 5, 10<<20, 0)
	idle("multiblocking", 10_000, 5, 10<<20+10_000<<12, 0)
	idle("multiblocking --os-threads", 0, 5, 10<<20, 0)
	idle("multiblocking --os-threads", 4_096, 4_101, 10<<20+4_096<<14, 0)
	r.Idle[len(r.Idle)-1].Short = "the server holds 4096 of 10000"

	all := Judge(r)
	require.Len(t, all, 2)
	polls, memory := all[0], all[1]
	assert.Equal(t, results.Confirmed, polls.Verdict)
	assert.InDelta(t, 70, found(t, polls, "busywait").Low, 1e-9)
	assert.Equal(t, results.Refuted, found(t, polls, "eventloop").Verdict)
	assert.True(t, found(t, polls, "eventloop").Close)

	assert.Equal(t, results.Confirmed, memory.Verdict)
	assert.InDelta(t, 4, found(t, memory, "multiblocking").Number, 1e-9)
	threads := found(t, memory, "multiblocking --os-threads")
	assert.InDelta(t, 16, threads.Number, 1e-9)
	assert.Contains(t, threads.Why, "4,096 connections, a thread each, it has 4101 threads")
	assert.Contains(t, found(t, memory, "multiblocking").Why, "10,000 connections, a goroutine each and no thread, it has 5 threads")
	assert.Contains(t, found(t, memory, "busywait").Why, "1,000 connections it has 5 threads")
	assert.Contains(t, threads.Why, "that is its limit: the server holds 4096 of 10000")
	assert.Equal(t, results.Refuted, found(t, memory, "busywait").Verdict)
	assert.Equal(t, results.NotMeasurable, found(t, memory, "busywait --one-at-a-time").Verdict)

	r.Idle = nil
	assert.Empty(t, Judge(r))
}

// asked are the runs of a server that one client asks now and then.
func asked(t *testing.T, server, where string, waits ...time.Duration) (all []results.Trial) {
	t.Helper()
	for _, wait := range waits {
		trial := ran("E5", server, where, 0, 1000, 0)
		trial.Load.Response = labtest.Times(t, 1000, wait)
		all = append(all, trial)
	}
	return all
}

func TestAwakeIsJudged(t *testing.T) {
	const us = time.Microsecond
	r := judged([]string{"E5"}, "singleblocking", "multiblocking", "busywait", "eventloop")
	r.Trials = append(r.Trials, asked(t, "singleblocking", ownCore, 30*us, 20*us, 19*us)...)
	r.Trials = append(r.Trials, asked(t, "multiblocking", ownCore, 30*us, 31*us, 32*us)...)
	r.Trials = append(r.Trials, asked(t, "busywait", ownCore, 10*us, 11*us, 9*us)...)
	c := claim(t, r)
	assert.Equal(t, results.Confirmed, c.Verdict)
	f := found(t, c, "busywait")
	assert.InDelta(t, 0.5, f.Number, 0.01)
	assert.InDelta(t, 0.45, f.Low, 0.01)
	assert.Contains(t, f.Why, "the best that blocks, singleblocking")
	assert.Equal(t, results.Refuted, found(t, c, "multiblocking").Verdict)

	r.Trials = append(r.Trials, asked(t, "multiblocking", sharedCore, 40*us)...)
	r.Trials = append(r.Trials, asked(t, "busywait", sharedCore, 30*us)...)
	assert.Equal(t, results.Confirmed, claim(t, r).Verdict, "it is ahead there, too")
	r.Trials[len(r.Trials)-1] = asked(t, "busywait", sharedCore, 3000*us)[0]
	c = claim(t, r)
	assert.Equal(t, results.OnlyWhen, c.Verdict)
	assert.Contains(t, c.When, "it has a core of its own")

	// A run in which the generator was late, or another program had the core, says
	// nothing.
	for i := range r.Trials {
		switch trial := &r.Trials[i]; {
		case trial.Server != "busywait":
		case i%2 == 0:
			trial.Load.SendLag = trial.Load.Response
		default:
			trial.Load.Generator.RunQueue = new(0.5)
		}
	}
	c = claim(t, r)
	assert.Equal(t, results.NotMeasurable, c.Verdict)
	trial := asked(t, "busywait", ownCore, us)[0]
	trial.Resources.RunQueue = new(500 * time.Millisecond)
	assert.NotEmpty(t, trial.Taken())
	r.Trials = []results.Trial{trial}
	assert.Empty(t, awake(r, r.Server("busywait"), ownCore))
	r.Trials[0].Case = sharedCore
	assert.Len(t, awake(r, r.Server("busywait"), sharedCore), 1, "it shares the core with the program that never rests")
}

func TestManySilentClientsAreJudged(t *testing.T) {
	const us = time.Microsecond
	r := judged([]string{"E6"}, "eventloop", "busywait", "multiblocking --workers 64")
	for _, trial := range []struct {
		server string
		silent float64
		each   time.Duration
	}{{"eventloop", 0, 10 * us}, {"eventloop", 0, 12 * us}, {"eventloop", 1_000, 20 * us}, {"eventloop", 9_900, 11 * us}, {"busywait", 0, 20 * us}, {"busywait", 1_000, 200 * us}} {
		r.Trials = append(r.Trials, ran("E6", trial.server, silentClosed, trial.silent, 1000, 1000*trial.each))
	}
	open := ran("E6", "eventloop", silentOpen, 9_900, 1000, time.Second)
	open.Load.Response = labtest.Times(t, 1000, 50*us)
	r.Trials = append(r.Trials, open,
		ran("E6", "multiblocking --workers 64", silentClosed, 0, 1000, time.Second),
		results.Trial{Experiment: "E6", Server: "multiblocking --workers 64", Case: silentClosed, X: 1_000, Note: "it holds 65"})
	c := claim(t, r)
	assert.Equal(t, results.Confirmed, c.Verdict)
	f := found(t, c, "eventloop")
	assert.InDelta(t, 1, f.Number, 0.01, "the most by the median of none")
	assert.Contains(t, f.Why, "at 2,000/s p50 was 50")
	assert.InDelta(t, 10, found(t, c, "busywait").Number, 1e-9)
	assert.Equal(t, results.Refuted, found(t, c, "busywait").Verdict)
	pool := found(t, c, "multiblocking --workers 64")
	assert.Equal(t, results.NotMeasurable, pool.Verdict)
	assert.Equal(t, "it holds 65", pool.Why)

	r.Trials[4].Resources.CPU = 5 * time.Millisecond // of busywait, among no silent connections
	c = claim(t, r)
	assert.Equal(t, results.OnlyWhen, c.Verdict)
	assert.Contains(t, c.When, "some clients are silent")
}

func TestSwitchesAreJudged(t *testing.T) {
	const us = time.Microsecond
	r := judged([]string{"E8"}, "multiblocking", "multiblocking --os-threads", "multiblocking --workers 64", "eventloop")
	for _, trial := range []struct {
		server  string
		clients float64
		each    time.Duration
	}{
		{"eventloop", 1, us}, {"eventloop", 50, 10 * us}, {"eventloop", 4_000, 20 * us},
		{"multiblocking", 50, 20 * us}, {"multiblocking", 4_000, 40 * us},
		{"multiblocking --os-threads", 50, 20 * us}, {"multiblocking --os-threads", 4_000, 80 * us},
	} {
		r.Trials = append(r.Trials, ran("E8", trial.server, "", trial.clients, 1000, 1000*trial.each))
	}
	starved := ran("E8", "multiblocking --workers 64", "", 500, 1000, time.Second)
	starved.Load.Served, starved.Note = 64, "of 500 connections 64 were served"
	r.Trials = append(r.Trials, ran("E8", "multiblocking --workers 64", "", 50, 1000, 10*time.Millisecond), starved)
	c := claim(t, r)
	assert.Equal(t, results.OnlyWhen, c.Verdict)
	assert.Equal(t, "the server is multiblocking --os-threads", c.When)
	assert.InDelta(t, 1, found(t, c, "multiblocking").Number, 1e-9, "it grew as the event loop did")
	assert.InDelta(t, 2, found(t, c, "multiblocking --os-threads").Number, 1e-9)
	assert.InDelta(t, 1, found(t, c, "eventloop").Number, 1e-9)
	assert.Equal(t, starved.Note, found(t, c, "multiblocking --workers 64").Why)

	r.Servers = r.Servers[:3]
	assert.Equal(t, results.NotMeasurable, claim(t, r).Verdict, "there is nothing to compare with")
}

// Before anything was measured a claim has no verdict.
func TestAClaimThatNobodyWasAskedAbout(t *testing.T) {
	r := judged([]string{"E1"}, "singleblocking", "eventloop")
	r.Server("eventloop").Unavailable = "no such calls"
	assert.Empty(t, Judge(r))
	r.Server("singleblocking").Unavailable = "nor those"
	require.Len(t, Judge(r), 1)
}

// A wait that the kernel does not report is unknown, not 0 µs.
func TestAWaitThatIsNotKnown(t *testing.T) {
	assert.Equal(t, format.UnknownHere, switching{}.wait())
	assert.Equal(t, "1.50µs", switching{runQueue: new(1.5)}.wait())
}

// A p99 that is void is not quoted, nor one that is unknown.
func TestOnlyAValidP99IsQuoted(t *testing.T) {
	trial := func(p99 time.Duration, void ...string) results.Trial {
		return results.Trial{Load: &load.Result{Void: void, Response: load.Times{P50: time.Millisecond, P99: p99}}}
	}
	assert.Contains(t, medianAndP99(trial(2*time.Millisecond)), "and p99 2.00ms")
	for _, other := range []results.Trial{trial(2*time.Millisecond, "late"), trial(0), trial(0, "late")} {
		assert.NotContains(t, medianAndP99(other), "p99")
	}
}

// A file may name an experiment that this version does not have. The others are judged.
func TestAnUnknownExperimentIsPassedOver(t *testing.T) {
	r := labtest.Sample(t)
	r.Plan.Experiments = []string{"E4"}
	want := Judge(r)
	require.NotEmpty(t, want)
	r.Plan.Experiments = []string{"E99", "E4"}
	assert.Equal(t, want, Judge(r))
}
