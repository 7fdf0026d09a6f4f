package conformance

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// An idle machine is no excuse. Each kind of busy machine is one, and is
// named.
func TestExcuses(t *testing.T) {
	idle := strain{lasted: 10 * time.Second, late: 500 * time.Millisecond, checker: 500 * time.Millisecond, server: 500 * time.Millisecond,
		longest: 200 * time.Millisecond, steal: 0.05, others: 0.5, idle: 0.3}
	late := failed{timedOut: true, shortest: time.Second}
	ended := failed{ended: true, shortest: time.Second}
	assert.Empty(t, idle.excuse(late))
	assert.Empty(t, idle.excuse(ended))
	for want, change := range map[string]func(*strain){
		"the checker waited for a core for 15 % of the time":                    func(s *strain) { s.checker = 1500 * time.Millisecond },
		"the server waited for a core for 80 % of the time":                     func(s *strain) { s.server = 8 * time.Second },
		"the checker woke late: its delays add up to 20 % of the time":          func(s *strain) { s.late = 2 * time.Second },
		"the host took the cores for 30 % of the time (steal)":                  func(s *strain) { s.steal = 0.3 },
		"other programs used the cores for 50 % of the time, and none was idle": func(s *strain) { s.idle = 0.01 },
	} {
		busy := idle
		change(&busy)
		assert.Equal(t, want, busy.excuse(late))
		assert.Equal(t, want, busy.excuse(ended), "the server may have run out of its time")
		assert.Empty(t, busy.excuse(failed{shortest: time.Second}), "a wrong reply is wrong on a busy machine, too")
		busy.lasted /= 20
		assert.Empty(t, busy.excuse(ended), "no timeout is as short")
	}
	ended.shortest = 300 * time.Millisecond
	assert.Equal(t, "the checker stood still for 200ms, and a timeout of the server may be as short as 300ms", idle.excuse(ended))
	assert.Empty(t, new(strain).excuse(late), "unknown times are no excuse")
	asked := strain{lasted: time.Second, known: true, others: 0.9}
	assert.Empty(t, asked.excuse(late), "the server had a core whenever it wanted one")
}

// The differences of the kernel's counters, computed from its files.
func TestMachineSince(t *testing.T) {
	ran, waited := parseSchedstat("7000000 42000 9\n")
	assert.Equal(t, threads{7 * time.Millisecond, 42 * time.Microsecond}, threads{ran, waited})
	ran, waited = parseSchedstat("")
	assert.Equal(t, threads{}, threads{ran, waited})

	read := func(text string, checker, server threads) (m machine) {
		m.checker, m.server = checker, server
		m.total, m.idle, m.steal = parseStat(text)
		return m
	}
	before := read("cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 1\n", threads{time.Second, time.Second}, threads{time.Second, time.Second})
	after := read("cpu  140 10 120 710 100 5 5 10 70 0\n", threads{1300 * time.Millisecond, 1500 * time.Millisecond}, threads{1100 * time.Millisecond, 1})
	var s strain
	after.since(before, &s)
	assert.Equal(t, 500*time.Millisecond, s.checker)
	assert.Zero(t, s.server, "a thread has ended")
	assert.InDelta(t, 0.1, s.steal, 1e-9, "10 of 100 ticks")
	assert.InDelta(t, 0.1, s.idle, 1e-9)
	assert.InDelta(t, 0.8-0.4, s.others, 1e-9, "80 ticks less what the checker and the server used")

	assert.True(t, s.known)

	var unknown strain
	read("", threads{}, threads{}).since(read("", threads{}, threads{}), &unknown)
	assert.Equal(t, strain{}, unknown)
}

// The heartbeat stops with the watch, and covers only the time between.
func TestWatchMachine(t *testing.T) {
	began := time.Now()
	s := watchMachine(0)()
	assert.LessOrEqual(t, s.lasted, time.Since(began))
	assert.LessOrEqual(t, s.longest, s.late)
}

// A dial that times out ends at the deadline, and the context may notice the
// deadline only later. The rule's time is over nevertheless.
func TestARuleIsOverAtItsDeadline(t *testing.T) {
	late := Rule{run: func(t *trial) {
		deadline, _ := t.ctx.Deadline()
		for time.Now().Before(deadline) { // busy, on the core that would cancel the context
			continue
		}
		t.Fatalf("i/o timeout")
	}}
	for range 20 {
		reason, timedOut := late.try(t.Context(), "", Options{}, time.Millisecond)
		assert.True(t, timedOut, reason)
		assert.Contains(t, reason, "the time for a rule is 1ms")
	}
}
