// Package threads says whether the system will let this process start another thread.
// Go's runtime starts threads by itself, and ends the program when it cannot. So code
// that keeps threads, for example one for each client, must ask before it takes one,
// and leave enough for the runtime.
//
// # Known limits
//
// On Linux a thread counts against four limits: the user's (RLIMIT_NPROC, all threads
// of all its processes), that of each control group around the process (pids.max), the
// system's (kernel.threads-max, kernel.pid_max), and Go's own of 10,000. All are read
// before each thread is taken; the threads of the user's other processes are counted
// once a second. A reading takes a good part of a millisecond. So while thousands of
// threads are left, one reading serves for several threads. macOS and FreeBSD have one
// limit for each process. On other systems no limit but Go's is known.
//
// # Unknown limits
//
// The package does not see threads that other processes start between its reading and
// the start of the thread. It leaves a reserve for them, and the runtime retries for
// some 200 ms before it gives up. It does not see two more things: the user's processes
// in other PID namespaces, and a limit of the address space, which a thread's stack may
// need.
package threads

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// goLimit is the largest number of threads of Go's runtime (debug.SetMaxThreads). With
// more it ends the program.
const goLimit = 10_000

// The runtime has a thread for each processor and some more: for its monitor, for
// signals, and for goroutines that block in a system call for a moment. A budget
// reserves these: one for each processor, and runtimes more; threads that the runtime
// already has count as part of these. It always leaves slack threads for other
// processes.
const (
	runtimes = 16 // besides one for each processor
	slack    = 4
)

// While more than far threads are left, one reading serves for credit threads, or for
// lookTime.
const (
	far      = 1024
	credit   = 64
	lookTime = 100 * time.Millisecond
)

// Budget counts the threads that a program takes. Any goroutine may use it.
type Budget struct {
	look func() state
	now  func() time.Time

	mu       sync.Mutex
	credit   int // threads that may be taken without another reading, before until
	until    time.Time
	promised int // taken, not started yet
	started  int // started, not ended
}

// Process is this process's budget.
var Process = &Budget{look: look, now: time.Now}

// Take takes a thread for a goroutine that will keep it, because it is locked to it or
// blocks in a call, and returns "". If no thread is left, it returns why, in words for
// a client. The goroutine calls Started when it has the thread, and Ended before it
// ends.
func (b *Budget) Take() (lack string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if b.credit > 0 && now.Before(b.until) {
		b.credit--
		b.promised++
		return ""
	}
	s := b.look()
	most := s.own + s.left - runtimes - runtime.GOMAXPROCS(0)
	if b.started+b.promised >= most || s.left-b.promised <= slack {
		return fmt.Sprintf("no thread is left (%s)", s.limit)
	}
	b.promised++
	b.credit = 0
	if min(most-b.started, s.left)-b.promised > far {
		b.credit, b.until = credit, now.Add(lookTime)
	}
	return ""
}

// Started notes that a taken thread runs; from then on the system counts it.
func (b *Budget) Started() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.promised--
	b.started++
}

// Ended notes that a thread is about to end, so that the next client can have one.
// Until it has ended, it counts as one of the runtime's.
func (b *Budget) Ended() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.started--
}

// state is one reading of the limits.
type state struct {
	own   int    // threads of this process
	left  int    // threads that it may still start, by the tightest limit
	limit string // name of the tightest limit
}

// known returns the runtime's own number of threads and its limit.
func known() state {
	n, _ := runtime.ThreadCreateProfile(nil)
	return state{own: n, left: goLimit - n, limit: "Go's limit"}
}
