package proc

import (
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// usage is what a process has used since it began, and what it has now, as its
// files tell.
type usage struct {
	at      time.Time     // when they were read
	user    time.Duration // CPU time, by ticks
	system  time.Duration
	tasks   map[int]taskUsage // of the threads that are alive, by their number
	queued  bool              // runQueue of the tasks is known
	memory  MemoryUsage
	allowed int // cores that it may run on
}

// MemoryUsage is in bytes.
type MemoryUsage struct{ RSS, pss, Sockets int64 }

// taskUsage is what the kernel counts for each thread, and forgets with it.
type taskUsage struct {
	voluntary   int64 // context switches: it waited for something
	involuntary int64 // it was made to make room
	runQueue    time.Duration
}

// since is what the thread has used after that. Where there is less than before,
// it is another thread that was given the number of one that had ended.
func (after taskUsage) since(before taskUsage) taskUsage {
	if after.voluntary < before.voluntary || after.involuntary < before.involuntary || after.runQueue < before.runQueue {
		return after
	}
	return taskUsage{after.voluntary - before.voluntary, after.involuntary - before.involuntary, after.runQueue - before.runQueue}
}

// Meter measures what a process uses in a window of time, and what else the
// machine does meanwhile. All ratios of what a server uses to the time are of a
// Meter's window.
type Meter struct {
	clock   cpuClock
	files   func() (usage, error)
	machine func() (c Clocks, known bool)

	before, after reading
	Used          *results.Resources // after end
}

// reading is what a meter has read at one end of its window.
type reading struct {
	cpu     cpuTime // at the window's beginning or end
	usage   usage
	machine Clocks
	at      cpuTime // when machine was read, so that the two can be compared
	known   bool    // machine is
}

// Begin begins the window: just before it returns. It takes a tick of the
// kernel's (4 ms, say), and the longer the more threads there are.
func (m *Meter) Begin() (err error) {
	if m.before.usage, err = m.files(); err != nil {
		return err
	}
	m.clock.cores = m.before.usage.allowed
	if _, m.before.cpu, err = m.clock.settle(); err != nil {
		return err
	}
	m.before.at = m.before.cpu
	m.before.machine, m.before.known = m.machine()
	return nil
}

// End ends the window: as soon as it is called. It takes as long as begin. Then
// used is what the process used.
func (m *Meter) End() (err error) {
	if m.after.cpu, m.after.at, err = m.clock.settle(); err != nil {
		return err
	}
	m.after.machine, m.after.known = m.machine()
	if m.after.usage, err = m.files(); err != nil {
		return err
	}
	m.Used = m.after.usage.since(m.before.usage, m.after.cpu.at.Sub(m.before.cpu.at))
	m.Used.CPU = m.after.cpu.used - m.before.cpu.used
	m.Used.Uncertainty = m.after.cpu.slack + m.before.cpu.slack
	return nil
}

// Besides returns what Cell.Steal and Cell.Others say, of a server that ran where
// the pins say; nil: not known.
func (m *Meter) Besides(pins Pinning) (steal, others *float64) {
	if !m.before.known || !m.after.known {
		return nil, nil
	}
	before, after := m.before.machine, m.after.machine
	return after.stealSince(before), after.othersSince(before, pins, m.after.at.used-m.before.at.used)
}

// since compares thread by thread: a sum over those that are alive shrinks when
// one of them ends.
func (after usage) since(before usage, window time.Duration) *results.Resources {
	r := &results.Resources{
		Window:  window,
		Cores:   max(before.allowed, after.allowed),
		User:    after.user - before.user,
		System:  after.system - before.system,
		Threads: len(after.tasks),
		RSS:     after.memory.RSS,
		PSS:     after.memory.pss,
		Sockets: after.memory.Sockets,
	}
	var queue time.Duration
	for id, task := range after.tasks {
		used := task.since(before.tasks[id])
		r.Voluntary += used.voluntary
		r.Involuntary += used.involuntary
		// The kernel counts a wait when it ends, all of it, also where it began
		// before the window: by then a thread of it may have waited for longer
		// than the window was.
		queue += min(used.runQueue, window)
	}
	if before.queued && after.queued {
		r.RunQueue = &queue
	}
	return r
}

// waitedSince returns how long its threads were ready to run since then and had
// no core, added up. known is false where the kernel does not tell.
func (after usage) waitedSince(before usage) (waited time.Duration, known bool) {
	r := after.since(before, after.at.Sub(before.at))
	if r.RunQueue == nil {
		return 0, false
	}
	return *r.RunQueue, true
}
