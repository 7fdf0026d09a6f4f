//go:build unix

package fakekernel

import (
	"time"

	"github.com/ioflavors/ioflavors/common/server"
)

// workers run handlers off the server's loop. They are a server.Workers: functions begin
// at once, and return in any order, late, during any of the server's calls. In truth they
// run then, on the loop's goroutine, so a seed repeats them.
type workers struct {
	k       *Kernel
	odd     float64 // the probability that a request may block
	pending []pending
}

type pending struct {
	run func()
	due time.Time
}

// Workers returns what runs the server's handlers that may block.
func (k *Kernel) Workers() server.Workers { return &k.workers }

// mayBlock is the predicate of all handlers.
func (w *workers) mayBlock([]byte) bool { return w.k.rng.Float64() < w.odd }

// Go implements server.Workers. Some handlers take longer than any of the server's
// timeouts.
func (w *workers) Go(f func()) {
	late := pick(w.k, 0, 0, 0, time.Millisecond, 100*time.Millisecond, 5*time.Second)
	w.pending = append(w.pending, pending{f, time.Now().Add(late)})
}

// Wait implements server.Workers.
func (w *workers) Wait() {
	for len(w.pending) > 0 {
		w.finish(w.k.rng.IntN(len(w.pending)))
	}
}

// ready returns the indices of the functions that may return.
func (w *workers) ready() (indices []int) {
	now := time.Now()
	for i, p := range w.pending {
		if !p.due.After(now) {
			indices = append(indices, i)
		}
	}
	return indices
}

// next returns the time until one more may return, at most left.
func (w *workers) next(left time.Duration) time.Duration {
	for _, p := range w.pending {
		left = min(left, time.Until(p.due))
	}
	return left
}

func (w *workers) finish(index int) {
	run := w.pending[index].run
	w.pending = append(w.pending[:index:index], w.pending[index+1:]...)
	w.k.trace.add("handler returns", -1, len(w.pending), nil)
	run()
}
