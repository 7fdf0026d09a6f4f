package proc

import (
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// usage is what a process has used since its start, and what it holds now, as /proc
// reports it.
type usage struct {
	at      time.Time     // when /proc was read
	user    time.Duration // CPU time, by ticks
	system  time.Duration
	tasks   map[int]taskUsage // of the living threads, by number
	queued  bool              // runQueue of the tasks is known
	memory  MemoryUsage
	allowed int // cores that it may run on
}

// MemoryUsage is memory in bytes.
type MemoryUsage struct{ RSS, pss, Sockets int64 }

// taskUsage is what the kernel counts for each thread, and forgets when the thread
// ends.
type taskUsage struct {
	voluntary   int64 // context switches because it waited
	involuntary int64 // context switches because another thread got the core
	runQueue    time.Duration
}

// since returns what the thread has used since before. If the count is smaller,
// another thread has the number of one that has ended.
func (after taskUsage) since(before taskUsage) taskUsage {
	if after.voluntary < before.voluntary || after.involuntary < before.involuntary || after.runQueue < before.runQueue {
		return after
	}
	return taskUsage{after.voluntary - before.voluntary, after.involuntary - before.involuntary, after.runQueue - before.runQueue}
}

// Meter measures what a process uses in a window of time, and what else the machine
// does meanwhile. Every ratio of a server's use to time has a Meter's window as its
// time.
type Meter struct {
	clock   cpuClock
	files   func() (usage, error)
	machine func() (c Clocks, known bool)

	before, after reading
	Used          *results.Resources // after End
}

// reading is what a meter reads at one end of its window.
type reading struct {
	cpu     cpuTime // at the window's beginning or end
	usage   usage
	machine Clocks
	at      cpuTime // when machine was read
	known   bool    // whether machine is known
}

// Begin begins the window, just before it returns. It takes about a tick of the
// kernel (such as 4 ms), and longer with more threads.
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

// End ends the window when it is called. It takes as long as Begin. Then Used is what
// the process used.
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

// Besides returns Cell.Steal and Cell.Others for a server that ran on the cores in
// pins; nil: not known.
func (m *Meter) Besides(pins Pinning) (steal, others *float64) {
	if !m.before.known || !m.after.known {
		return nil, nil
	}
	before, after := m.before.machine, m.after.machine
	return after.stealSince(before), after.othersSince(before, pins, m.after.at.used-m.before.at.used)
}

// since compares thread by thread, because a sum over the living threads shrinks when
// a thread ends.
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
		// The kernel counts a whole wait when it ends, even if the wait began before
		// the window. So a thread may have waited for longer than the window.
		queue += min(used.runQueue, window)
	}
	if before.queued && after.queued {
		r.RunQueue = &queue
	}
	return r
}

// waitedSince returns for how long the process's threads were ready to run and had no
// core, added up. known is false if the kernel does not tell.
func (after usage) waitedSince(before usage) (waited time.Duration, known bool) {
	r := after.since(before, after.at.Sub(before.at))
	if r.RunQueue == nil {
		return 0, false
	}
	return *r.RunQueue, true
}
