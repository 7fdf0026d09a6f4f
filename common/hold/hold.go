// Package hold decides which waiting threads may keep a processor (a P of Go's
// scheduler).
//
// Go's scheduler takes the P from a goroutine whose system call lasts longer than 20
// µs, and the goroutine's thread must get one again when the call ends. With a single
// client that is a second context switch for each request. So event loops do not tell
// the scheduler about the first milliseconds of their waits.
//
// This is harmless while there is a P for each loop: other goroutines run on another P.
// The runtime stops goroutines with a signal, for example for garbage collection, and
// the signal ends the wait. Without a signal, the wait ends after Time. A loop that
// waits longer is idle, and tells the scheduler. With more loops than Ps, an idle loop
// could occupy the P that a ready loop needs, so then no loop may keep its P.
package hold

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Time is how long a wait may keep its processor.
const Time = 5 * time.Millisecond

// waiters counts the waiters of this process, of all kinds.
var waiters atomic.Int32

// Waiter is one waiting loop or thread. It is for one goroutine at a time.
type Waiter struct {
	procs int32 // GOMAXPROCS when it was last asked
	fresh int   // how many more waits procs is used for
}

// New returns a waiter. It counts until Leave.
func New() Waiter {
	waiters.Add(1)
	return Waiter{}
}

// Leave must be called once, after the waiter's last wait.
func (w *Waiter) Leave() { waiters.Add(-1) }

// May reports whether the next wait may keep its processor. The number of processors
// changes with a container's limits. Asking for it takes a lock that all threads share,
// so May asks only once in several calls.
func (w *Waiter) May() bool {
	if w.fresh == 0 {
		w.procs, w.fresh = int32(runtime.GOMAXPROCS(0)), waits
	}
	w.fresh--
	return waiters.Load() <= w.procs
}

// waits is how many calls of May use one value of GOMAXPROCS.
const waits = 64

// Brief returns the part of a wait that may keep its processor. A negative timeout
// means no timeout.
func Brief(timeout time.Duration) time.Duration {
	if timeout < 0 {
		return Time
	}
	return min(timeout, Time)
}

// Rest returns the part of a wait that is left after Brief.
func Rest(timeout time.Duration) time.Duration {
	if timeout < 0 {
		return timeout
	}
	return max(0, timeout-Time)
}
