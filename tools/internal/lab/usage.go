package lab

import "time"

// Resources is what a server used while it was measured.
type Resources struct {
	// Window is from one reading of the CPU time to the other, Cores how many
	// cores it might run on meanwhile, and Uncertainty by how much CPU may be
	// more or less than what was used in Window.
	Window      time.Duration `json:"window_ns"`
	Cores       int           `json:"cores"`
	Uncertainty time.Duration `json:"cpu_uncertainty_ns"`
	// CPU is user and system time, of all threads, ended ones and those that the
	// kernel has started for an io_uring too. User and System are its parts, as
	// the kernel's ticks tell them apart: good to 10 ms.
	CPU    time.Duration `json:"cpu_ns"`
	User   time.Duration `json:"cpu_user_ns"`
	System time.Duration `json:"cpu_system_ns"`
	// Voluntary (it waited) and Involuntary (it was made to make room) are
	// context switches, of the threads that were alive at the end. What one did
	// that ended meanwhile is not in them: a server ends no threads under a
	// steady load, and the kernel ends those of an io_uring that had nothing to
	// do for seconds.
	Voluntary   int64 `json:"switches_voluntary"`
	Involuntary int64 `json:"switches_involuntary"`
	// RunQueue is how long its threads were ready to run and had no core,
	// added up; nil where the kernel does not tell. A wait counts when it ends,
	// and as Window at most.
	RunQueue *time.Duration `json:"run_queue_ns,omitempty"`
	// Threads, RSS and PSS are those at the end, the latter two in bytes. PSS
	// divides what processes share among them; absent if it is not known,
	// because no process has 0.
	Threads int   `json:"threads"`
	RSS     int64 `json:"rss_bytes"`
	PSS     int64 `json:"pss_bytes,omitempty"`
	// Sockets is the memory that the kernel had given to TCP's buffers at the
	// end, in bytes: of the whole machine, both ends of each connection.
	Sockets int64 `json:"sockets_bytes"`
}

// clockSlew is how much faster or slower than true time the system's clock may
// run while it is set right (adjtimex: 500 µs in a second). CPU time does not
// follow.
const clockSlew = 500e-6

// hostPause is by how much a CPU clock may lag because of the host of a virtual
// machine. The kernel looks at the time, the host takes the core away, and only when
// the core is back do other processes see the new CPU time. A lag of 50 µs was seen
// (TestAProcessHasNoMoreThanItsCore); a millisecond leaves room for slower hosts.
const hostPause = time.Millisecond

// Excess is how much more CPU time there is than its cores have, beyond what
// Uncertainty explains. If it is more than nothing, the measurement is wrong.
func (r *Resources) Excess() time.Duration {
	if r.Cores == 0 {
		return 0 // not known
	}
	unsure := r.Uncertainty + time.Duration(clockSlew*float64(r.Window)) + hostPause
	return max(0, r.CPU-time.Duration(r.Cores)*r.Window-unsure)
}

// Share is how much of a core it used: 1 is all of one, and a server on several
// cores may have more. known is false if nothing was measured. A share above Cores
// by no more than the uncertainty is returned as Cores; a larger one as it is,
// because Excess then says that the measurement is wrong.
func (r *Resources) Share() (share float64, known bool) {
	if r == nil || r.Window <= 0 {
		return 0, false
	}
	share = r.CPU.Seconds() / r.Window.Seconds()
	if r.Excess() == 0 && r.Cores > 0 {
		share = min(share, float64(r.Cores))
	}
	return share, true
}

// Waited is how long its threads were ready to run and had no core, added up, by
// the time: 1 is one thread all the time. known is false where the kernel does
// not tell.
func (r *Resources) Waited() (share float64, known bool) {
	if r == nil || r.Window <= 0 || r.RunQueue == nil {
		return 0, false
	}
	return r.RunQueue.Seconds() / r.Window.Seconds(), true
}

// Wanted is how much of a core it would have used if no other program had been
// in its way, as far as the kernel tells: the same on a busy machine. Threads
// that wait for each other's core want no more than there are.
func (r *Resources) Wanted() (share float64, known bool) {
	share, known = r.Share()
	waited, _ := r.Waited()
	return max(share, min(share+waited, float64(r.cores()))), known
}

// cores is Cores, and one where that is not known.
func (r *Resources) cores() int {
	if r == nil {
		return 1
	}
	return max(1, r.Cores)
}

// usage is what a process has used since it began, and what it has now, as its
// files tell.
type usage struct {
	at      time.Time     // when they were read
	user    time.Duration // CPU time, by ticks
	system  time.Duration
	tasks   map[int]taskUsage // of the threads that are alive, by their number
	queued  bool              // runQueue of the tasks is known
	memory  memoryUsage
	allowed int // cores that it may run on
}

// memoryUsage is in bytes.
type memoryUsage struct{ rss, pss, sockets int64 }

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

// meter measures what a process uses in a window of time, and what else the
// machine does meanwhile. All ratios of what a server uses to the time are of a
// meter's window.
type meter struct {
	clock   cpuClock
	files   func() (usage, error)
	machine func() (c clocks, known bool)

	before, after reading
	used          *Resources // after end
}

// reading is what a meter has read at one end of its window.
type reading struct {
	cpu     cpuTime // at the window's beginning or end
	usage   usage
	machine clocks
	at      cpuTime // when machine was read, so that the two can be compared
	known   bool    // machine is
}

// begin begins the window: just before it returns. It takes a tick of the
// kernel's (4 ms, say), and the longer the more threads there are.
func (m *meter) begin() (err error) {
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

// end ends the window: as soon as it is called. It takes as long as begin. Then
// used is what the process used.
func (m *meter) end() (err error) {
	if m.after.cpu, m.after.at, err = m.clock.settle(); err != nil {
		return err
	}
	m.after.machine, m.after.known = m.machine()
	if m.after.usage, err = m.files(); err != nil {
		return err
	}
	m.used = m.after.usage.since(m.before.usage, m.after.cpu.at.Sub(m.before.cpu.at))
	m.used.CPU = m.after.cpu.used - m.before.cpu.used
	m.used.Uncertainty = m.after.cpu.slack + m.before.cpu.slack
	return nil
}

// besides returns what Cell.Steal and Cell.Others say, of a server that ran where
// the pins say; nil: not known.
func (m *meter) besides(pins pinning) (steal, others *float64) {
	if !m.before.known || !m.after.known {
		return nil, nil
	}
	before, after := m.before.machine, m.after.machine
	return after.stealSince(before), after.othersSince(before, pins, m.after.at.used-m.before.at.used)
}

// since compares thread by thread: a sum over those that are alive shrinks when
// one of them ends.
func (after usage) since(before usage, window time.Duration) *Resources {
	r := &Resources{
		Window:  window,
		Cores:   max(before.allowed, after.allowed),
		User:    after.user - before.user,
		System:  after.system - before.system,
		Threads: len(after.tasks),
		RSS:     after.memory.rss,
		PSS:     after.memory.pss,
		Sockets: after.memory.sockets,
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

// userTick is the unit in which the kernel tells user and system time: USER_HZ
// is 100 on every architecture that Go knows.
const userTick = time.Second / 100
