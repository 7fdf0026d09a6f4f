package experiments

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// A server that polls wants a core even if another program has it: 19 % of a core,
// and four fifths of the time in the queue for it, refute nothing.
func TestPollingIsJudgedByWhatItWants(t *testing.T) {
	r := judged([]string{"E4"}, "busywait", "eventloop")
	idle := func(server string, used, waited time.Duration) *results.IdleCell {
		r.Idle = append(r.Idle, results.IdleCell{Server: server, Connections: 100, Resources: &results.Resources{Window: time.Second, CPU: used, RunQueue: &waited}})
		return &r.Idle[len(r.Idle)-1]
	}
	idle("busywait", 192*time.Millisecond, 790*time.Millisecond)
	idle("eventloop", time.Millisecond, 10*time.Millisecond)
	c := claim(t, r)
	assert.Equal(t, results.Confirmed, c.Verdict)
	f := found(t, c, "busywait")
	assert.InDelta(t, 98.2, f.Number, 1e-9)
	assert.Contains(t, f.Why, "and waited for it for 79.0 % of the time, because others had it")
	assert.Equal(t, results.Refuted, found(t, c, "eventloop").Verdict)
	assert.True(t, r.Polls("busywait"))
	assert.False(t, r.Polls("eventloop"))

	// Several threads that wait for one core want no more than that.
	r.Idle = nil
	idle("busywait", 192*time.Millisecond, 5*time.Second)
	assert.InDelta(t, 100, found(t, claim(t, r), "busywait").Number, 1e-9)

	// The kernel does not count a wait that is not over, so even little counted time
	// is not enough to say no.
	r.Idle = nil
	idle("busywait", 20*time.Millisecond, 200*time.Millisecond).Others = new(0.8)
	c = claim(t, r)
	assert.Equal(t, results.NotMeasurable, c.Verdict)
	assert.Contains(t, found(t, c, "busywait").Why, "other programs used the cores for 80.0 % of the time")

	// The kernel counts no wait while the host has the core.
	r.Idle = nil
	idle("busywait", 30*time.Millisecond, 0).Steal = new(0.9)
	c = claim(t, r)
	assert.Equal(t, results.NotMeasurable, c.Verdict)
	assert.Contains(t, found(t, c, "busywait").Why, "the host had the cores for 90.0 % of the time")
}

// attacked is a run of E2 or E11 in which probes waited for wait during each attack.
func attacked(id, server string, attacks []results.Attack, wait time.Duration, change func(*results.Attack, *results.Moment)) results.Trial {
	line := &results.Timeline{Step: callStep, Steps: make([]results.Moment, attacks[len(attacks)-1].Until/callStep)}
	for i := range attacks {
		m := &line.Steps[attacks[i].From/callStep]
		m.Worst = wait
		if change != nil {
			change(&attacks[i], m)
		}
	}
	return results.Trial{Experiment: id, Server: server, Probes: line, Attacks: attacks}
}

// attacksBegin is the number of the step in which the first attack begins.
func attacksBegin(r *results.Results) int { return int(r.Trials[0].Attacks[0].From / callStep) }

// A wait that the machine may have made is no stall. A stall of a server that sleeps
// is a stall on a busy machine, too.
func TestAStallIsToldFromABusyMachine(t *testing.T) {
	length := stallAttack(results.Plan{})
	for name, test := range map[string]struct {
		wait   time.Duration
		change func(*results.Attack, *results.Moment)
		want   results.Verdict
		why    string
	}{
		"a stall on a quiet machine":  {length, nil, results.Confirmed, ""},
		"a wait for a core":           {length * 6 / 10, func(a *results.Attack, _ *results.Moment) { a.Waited = length * 3 / 4 }, results.NotMeasurable, "the server waited for a core for 225ms of it"},
		"probes that come late":       {length * 6 / 10, func(_ *results.Attack, m *results.Moment) { m.Late = length / 2 }, results.NotMeasurable, "probes began to ask up to 150ms late"},
		"a host that has the cores":   {length * 6 / 10, func(a *results.Attack, _ *results.Moment) { a.Steal = new(0.8) }, results.NotMeasurable, "the host had the cores for 240ms of it"},
		"a stall on a busy machine":   {length, func(a *results.Attack, _ *results.Moment) { a.Waited = length / 5 }, results.Confirmed, ""},
		"a wait that outlasts it":     {length * 15, func(a *results.Attack, _ *results.Moment) { a.Waited = length }, results.NotMeasurable, "the server waited for a core for 300ms of it"},
		"no stall on a busy machine":  {length / 20, func(a *results.Attack, _ *results.Moment) { a.Waited = length }, results.Refuted, ""},
		"no stall on a quiet machine": {length / 20, nil, results.Refuted, ""},
	} {
		r := judged([]string{"E2"}, "singleblocking")
		r.Trials = []results.Trial{attacked("E2", "singleblocking", stallAttacks(results.Plan{}), test.wait, test.change)}
		f := found(t, claim(t, r), "singleblocking")
		assert.Equal(t, test.want, f.Verdict, name)
		assert.Contains(t, f.Why, test.why, name)

		slow := attacked("E11", "singleblocking", slowReaderAttacks(), test.wait*slowReaderAttack/length, nil)
		r = judged([]string{"E11"}, "singleblocking")
		r.Trials = []results.Trial{slow}
		if test.change == nil {
			assert.Equal(t, test.want, found(t, claim(t, r), "singleblocking").Verdict, name)
		}
	}
	// Probes that wait as long without an attack do not wait for the attacker.
	r := judged([]string{"E2"}, "singleblocking")
	r.Trials = []results.Trial{attacked("E2", "singleblocking", stallAttacks(results.Plan{}), length*6/10, nil)}
	r.Trials[0].Probes.Steps[1].Worst = length / 2
	assert.Contains(t, found(t, claim(t, r), "singleblocking").Why, "probes waited for up to 150ms before the first attack")
	r.Trials[0].Probes.Steps[1].Worst = 0
	r.Trials[0].Probes.Steps[attacksBegin(r)-1].Worst = length
	assert.Equal(t, results.Confirmed, found(t, claim(t, r), "singleblocking").Verdict, "he came just before, and was late")

	// The remaining runs decide, and the finding says so.
	r = judged([]string{"E11"}, "eventloop")
	attacks := slowReaderAttacks()
	r.Trials = []results.Trial{attacked("E11", "eventloop", attacks, 2*time.Millisecond, nil)}
	r.Trials[0].Probes.Steps[attacks[1].From/callStep].Worst = slowReaderAttack / 2
	attacks[1].Waited = slowReaderAttack / 2
	f := found(t, Judge(r)[0], "eventloop")
	assert.Equal(t, results.Refuted, f.Verdict)
	assert.InDelta(t, 0.002, f.High, 1e-9)
	assert.Contains(t, f.Why, "left out, because the machine disturbed it: the longest wait during an attack of 800ms was 400ms")
}

// Experiments that measure leave out runs in which other programs had the cores, if
// that can have made the answer.
func TestDisturbedRunsDecideNothing(t *testing.T) {
	const us = time.Microsecond
	busy := func(t results.Trial) results.Trial {
		t.Resources.RunQueue, t.Others = new(800*time.Millisecond), new(0.8)
		return t
	}
	for id, test := range map[string]struct {
		server       string
		wrong, right results.Trial
		want         results.Verdict // from the right trial
		more         []results.Trial
	}{
		"E1": {"busywait", busy(ran("E1", "busywait", "", 2, 100, 0)), ran("E1", "busywait", "", 64, 100, 0), results.Refuted, nil},
		"E3": {"multiblocking", busy(ran("E3", "multiblocking", "", 0, 100, 300*time.Millisecond)), ran("E3", "multiblocking", "", 0, 100, 1500*time.Millisecond), results.Refuted, nil},
		"E6": {"eventloop", busy(ran("E6", "eventloop", silentClosed, 9_900, 1000, 30_000*us)), ran("E6", "eventloop", silentClosed, 9_900, 1000, 10_000*us), results.Confirmed,
			[]results.Trial{ran("E6", "eventloop", silentClosed, 0, 1000, 10_000*us)}},
	} {
		test.wrong.X = max(test.wrong.X, test.right.X) // in E1, X is the number of clients
		r := judged([]string{id}, test.server)
		r.Trials = append(test.more, test.wrong)
		f := found(t, claim(t, r), test.server)
		assert.Equal(t, results.NotMeasurable, f.Verdict, id)
		assert.Regexp(t, "waited for a core|used the cores", f.Why, id)
		r.Trials = append(r.Trials, test.right)
		assert.Equal(t, test.want, found(t, claim(t, r), test.server).Verdict, id)
	}

	r := judged([]string{"E9"}, "multiblocking --os-threads")
	for _, c := range poolCases {
		for _, name := range []string{c + plainCase, c} {
			r.Trials = append(r.Trials, busy(ran("E9", "multiblocking --os-threads", name, 0, 1000, time.Second)))
		}
	}
	f := found(t, claim(t, r), "multiblocking --os-threads")
	assert.Equal(t, results.NotMeasurable, f.Verdict)
	assert.Contains(t, f.Why, "the server waited for a core for 80.0 % of the time")
	// A repeat is left out as a whole: the second one is not compared with the first.
	for i, c := range poolCases {
		r.Trials = append(r.Trials, ran("E9", "multiblocking --os-threads", c+plainCase, 0, 1000, time.Duration(i+1)*time.Second),
			ran("E9", "multiblocking --os-threads", c, 0, 1000, time.Duration(i+1)*time.Second))
	}
	assert.Equal(t, map[string][]float64{"steady": {1}, "churn": {1}, "computing": {1}}, poolRatios(r, "multiblocking --os-threads"))
}

// If few requests are answered, the runtime's monitor alone makes enough calls for
// each of them.
func TestFewRequestsDoNotTellHowItBlocks(t *testing.T) {
	r := judged([]string{"E12"}, "multiblocking --os-threads")
	r.Plan.Workloads = []load.Workload{{Connections: 1, Depth: 1}}
	r.Syscalls = []results.SyscallCell{{Server: "multiblocking --os-threads", Method: "perf", Requests: 200, Seconds: 1,
		Calls: map[string]int64{"read": 200, "epoll_pwait": 100}}}
	f := found(t, claim(t, r), "multiblocking --os-threads")
	assert.Equal(t, results.NotMeasurable, f.Verdict)
	assert.Contains(t, f.Why, "it answered 200 requests a second")
	r.Syscalls[0].Calls["epoll_pwait"] = 1
	assert.Equal(t, results.Confirmed, claim(t, r).Verdict, "the monitor asked little")
	r.Syscalls[0].Requests, r.Syscalls[0].Calls["epoll_pwait"] = 20_000, 40_000
	assert.Equal(t, results.Refuted, claim(t, r).Verdict)
}
