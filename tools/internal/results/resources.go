package results

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

// UserTick is the unit in which the kernel tells user and system time: USER_HZ
// is 100 on every architecture that Go knows.
const UserTick = time.Second / 100
