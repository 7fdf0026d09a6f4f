// Package hold says who may keep a processor while waiting for the network.
//
// Go's scheduler takes the processor from a goroutine whose system call lasts
// longer than 20 µs, and the goroutine's thread has to be given one again when the
// call ends: with a single client that is a second context switch for each
// request. So event loops do not tell it of their waits' first milliseconds.
//
// That harms nobody as long as there is a processor for each loop. Other goroutines
// run on another one. The signal with which the runtime stops a goroutine, for
// garbage collection say, ends the wait, and where none comes, its bound does. A
// loop that waits for longer is idle, and does so like everybody else. But with more
// loops than processors one of them would wait for its clients on the processor that
// another one needs for clients that have come.
package hold

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Time is how long a wait may keep its processor.
const Time = 5 * time.Millisecond

// waiters counts those that are in this process, whatever they wait with.
var waiters atomic.Int32

// Waiter is one of them. It is for one goroutine at a time.
type Waiter struct {
	procs int32 // on which the runtime runs goroutines at a time,
	fresh int   // which is true for so many waits more
}

// New returns a waiter, which counts until Leave.
func New() Waiter {
	waiters.Add(1)
	return Waiter{}
}

// Leave is to be called once, when the waiter waits no more.
func (w *Waiter) Leave() { waiters.Add(-1) }

// May reports whether the next wait may keep its processor. The number of
// processors changes with a container's limits, and to ask for it takes a lock that
// all threads share: it is asked for now and then.
func (w *Waiter) May() bool {
	if w.fresh == 0 {
		w.procs, w.fresh = int32(runtime.GOMAXPROCS(0)), waits
	}
	w.fresh--
	return waiters.Load() <= w.procs
}

// waits is how many May be decided by the same number of processors.
const waits = 64

// Brief returns how much of a wait may keep its processor, where a negative timeout
// is one without end.
func Brief(timeout time.Duration) time.Duration {
	if timeout < 0 {
		return Time
	}
	return min(timeout, Time)
}

// Rest returns what is left of a wait after Brief.
func Rest(timeout time.Duration) time.Duration {
	if timeout < 0 {
		return timeout
	}
	return max(0, timeout-Time)
}
