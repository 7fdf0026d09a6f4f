package results

import "time"

// Resources is what a server used while it was measured.
type Resources struct {
	// Window is the time between the two readings of the CPU time, Cores the number of
	// cores that the server could run on, and Uncertainty how far CPU may be from the
	// time used in Window.
	Window      time.Duration `json:"window_ns"`
	Cores       int           `json:"cores"`
	Uncertainty time.Duration `json:"cpu_uncertainty_ns"`
	// CPU is user and system time of all threads, including ended ones and those that
	// the kernel started for an io_uring. User and System are its parts by the kernel's
	// ticks, exact to 10 ms.
	CPU    time.Duration `json:"cpu_ns"`
	User   time.Duration `json:"cpu_user_ns"`
	System time.Duration `json:"cpu_system_ns"`
	// Voluntary (the thread waited) and Involuntary (the kernel took its core) are the
	// context switches of the threads that were alive at the end. Switches of ended
	// threads are missing: a server ends no threads under a steady load, and the kernel
	// ends threads of an io_uring only after idle seconds.
	Voluntary   int64 `json:"switches_voluntary"`
	Involuntary int64 `json:"switches_involuntary"`
	// RunQueue is the run-queue wait of all threads, added up; nil where the kernel does
	// not tell. A wait counts when it ends, and as Window at most.
	RunQueue *time.Duration `json:"run_queue_ns,omitempty"`
	// Threads, RSS and PSS are those at the end, the latter two in bytes. PSS divides
	// shared memory among its processes; it is absent if it is not known, because no
	// process has 0.
	Threads int   `json:"threads"`
	RSS     int64 `json:"rss_bytes"`
	PSS     int64 `json:"pss_bytes,omitempty"`
	// Sockets is the kernel's memory for TCP's buffers at the end, in bytes: of the whole
	// machine, both ends of each connection.
	Sockets int64 `json:"sockets_bytes"`
}

// clockSlew is how much faster or slower than true time the system's clock may run
// while it is adjusted (adjtimex: 500 µs in a second). CPU time is not adjusted.
const clockSlew = 500e-6

// hostPause is how far a CPU clock may lag because of a virtual machine's host. The
// kernel reads the time, the host takes the core away, and other processes see the new
// CPU time only when the core is back. A lag of 50 µs was seen
// (TestAProcessHasNoMoreThanItsCore); a millisecond leaves room for slower hosts.
const hostPause = time.Millisecond

// Excess is the CPU time beyond that of the server's cores that Uncertainty does not
// explain. If it is above 0, the measurement is wrong.
func (r *Resources) Excess() time.Duration {
	if r.Cores == 0 {
		return 0 // not known
	}
	unsure := r.Uncertainty + time.Duration(clockSlew*float64(r.Window)) + hostPause
	return max(0, r.CPU-time.Duration(r.Cores)*r.Window-unsure)
}

// Share is the share of a core that the server used: 1 is a whole core, and a server on
// several cores may have more. known is false if it was not measured. A share above
// Cores by no more than the uncertainty is returned as Cores. A larger share is returned
// unchanged, because Excess then says that the measurement is wrong.
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

// Waited is RunQueue as a share of Window: 1 is one thread all the time. known is false
// where the kernel does not tell.
func (r *Resources) Waited() (share float64, known bool) {
	if r == nil || r.Window <= 0 || r.RunQueue == nil {
		return 0, false
	}
	return r.RunQueue.Seconds() / r.Window.Seconds(), true
}

// Wanted is the share of a core that the server would have used without other programs:
// Share and the wait for a core together, at most all cores. So it is the same on a busy
// machine, if the kernel tells the wait.
func (r *Resources) Wanted() (share float64, known bool) {
	share, known = r.Share()
	waited, _ := r.Waited()
	return max(share, min(share+waited, float64(r.cores()))), known
}

// cores is Cores, or 1 if Cores is not known.
func (r *Resources) cores() int {
	if r == nil {
		return 1
	}
	return max(1, r.Cores)
}

// UserTick is the kernel's unit of user and system time: USER_HZ is 100 on every
// architecture that Go knows.
const UserTick = time.Second / 100
