// Package threads says whether the system will let this process start another
// thread. Go's runtime starts threads by itself, and ends the program when it cannot.
// So code that keeps threads, one for each client say, must ask before it takes one,
// and leave enough for the runtime.
//
// # What is known, and what is not
//
// On Linux a thread counts against four limits: the user's (RLIMIT_NPROC, all
// threads of all its processes), that of each control group which the process is
// in (pids.max), the system's (kernel.threads-max, kernel.pid_max), and Go's own of
// 10,000. All are looked at before each thread, the user's other processes once a
// second. Where thousands of threads are left a look serves for some threads, because
// it takes a good part of a millisecond. On macOS and FreeBSD there is one for each process. Elsewhere none is
// known.
//
// Threads that other processes start between the look and this process's thread are
// not known. A reserve is left for them, and the runtime tries for some 200 ms before
// it gives up. Two more things are not seen: the user's processes in other PID
// namespaces, and a limit of the address space, which a thread's stack may need.
package threads

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

// goLimit is how many threads Go's runtime has at most (debug.SetMaxThreads); with
// more it ends the program.
const goLimit = 10_000

// The runtime has a thread for each processor, and some more: its monitor, signals,
// what blocks in a system call for a moment. So many are left for it, those that it
// has included; and slack in any case, for what others start meanwhile.
const (
	runtimes = 16 // besides one for each processor
	slack    = 4
)

// With more than far threads left, a look serves for credit threads, or for lookTime.
const (
	far      = 1024
	credit   = 64
	lookTime = 100 * time.Millisecond
)

// Budget keeps the account of the threads that a program takes. It is for any
// goroutine.
type Budget struct {
	look func() state
	now  func() time.Time

	mu       sync.Mutex
	credit   int // threads that may be taken without another look,
	until    time.Time
	promised int // taken, and not started yet
	started  int // and not ended
}

// Process is this process's budget.
var Process = &Budget{look: look, now: time.Now}

// Take takes a thread for a goroutine that will keep it, locked to it or in a call
// that blocks, and returns "". If there is none it returns why, in words for a
// client. The goroutine calls Started when it has the thread, and Ended before it
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

// Started notes that a thread which was taken is there, and counts as one.
func (b *Budget) Started() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.promised--
	b.started++
}

// Ended notes that a thread is about to end, so that the next client can have one.
// Until the thread has ended it counts as one of the runtime's.
func (b *Budget) Ended() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.started--
}

// state is what the system says.
type state struct {
	own   int    // threads of this process
	left  int    // that it may have besides, by the tightest limit
	limit string // which that is
}

// known returns what the runtime knows by itself.
func known() state {
	n, _ := runtime.ThreadCreateProfile(nil)
	return state{own: n, left: goLimit - n, limit: "Go's limit"}
}
