// Package rawwait decides which waits may begin with a raw system call: one of which
// Go's scheduler is not told, so that the waiting thread keeps its processor (a P of
// the scheduler).
//
// Go's scheduler takes the P from a goroutine whose system call lasts longer than 20
// µs, and the goroutine's thread must get one again when the call ends. With a single
// client that is a second context switch for each request. So event loops do not tell
// the scheduler about the first milliseconds of their waits.
//
// This is harmless while there is a P for each loop: other goroutines run on another P.
// The runtime stops goroutines with a signal, for example for garbage collection, and
// the signal ends the wait. Without a signal, the wait ends after Longest. A loop that
// waits longer is idle, and tells the scheduler. With more loops than Ps, an idle loop
// could occupy the P that a ready loop needs, so then no loop may keep its P.
package rawwait

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Longest is the length of the longest raw wait.
const Longest = 5 * time.Millisecond

// waiters counts the waiters of this process, of all kinds.
var waiters atomic.Int32

// Waiter is one waiting loop or thread. It is for one goroutine at a time.
type Waiter struct {
	procs int32 // GOMAXPROCS when it was last asked
	fresh int   // how many more waits procs is used for
}

// New returns a waiter. It counts among the process's waiters until Leave.
func New() Waiter {
	waiters.Add(1)
	return Waiter{}
}

// Leave must be called once, after the waiter's last wait.
func (w *Waiter) Leave() { waiters.Add(-1) }

// Allowed reports whether the next wait may be raw. The number of processors changes
// with a container's limits. Asking for it takes a lock that all threads share, so
// Allowed asks only once in several calls.
func (w *Waiter) Allowed() bool {
	if w.fresh == 0 {
		w.procs, w.fresh = int32(runtime.GOMAXPROCS(0)), waits
	}
	w.fresh--
	return waiters.Load() <= w.procs
}

// waits is how many calls of Allowed use one value of GOMAXPROCS.
const waits = 64

// Split divides a wait into the part that may be raw, and the rest. A negative timeout
// means no timeout; the rest then has none either.
func Split(timeout time.Duration) (raw, rest time.Duration) {
	if timeout < 0 {
		return Longest, timeout
	}
	raw = min(timeout, Longest)
	return raw, timeout - raw
}
