package servercmd

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/ioflavors/ioflavors/common/server"
)

// LimitHeap sets the garbage collector's memory limit, until stop is called, to what
// a server needs by its limits and by the present size of its store and its
// connections. So the collector works harder before garbage makes the process exceed
// that amount. Without a limit it lets garbage grow as large as the live memory.
// LimitHeap sets the limit again after each collection, because a limit for the
// largest possible store would not bound the garbage of a small one.
//
// stats returns the server's counters. LimitHeap does nothing if the user has set
// GOMEMLIMIT, the server has no limit, or its store does not say its size.
func LimitHeap(l server.Limits, stats func() server.Stats) (stop func()) {
	h := &heapLimit{limits: l, stats: stats}
	if _, set := os.LookupEnv("GOMEMLIMIT"); set || l.Heap(stats()) == 0 {
		return func() {}
	}
	h.before = debug.SetMemoryLimit(-1)
	h.follow(0)
	return h.stop
}

type heapLimit struct {
	limits server.Limits
	stats  func() server.Stats

	mu      sync.Mutex
	before  int64 // the limit that stop restores
	stopped bool
}

// follow sets the limit, and has the runtime call follow again after the next
// collection.
func (h *heapLimit) follow(int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopped {
		return
	}
	debug.SetMemoryLimit(h.limits.Heap(h.stats()))
	runtime.AddCleanup(new([64]byte), h.follow, 0)
}

func (h *heapLimit) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.stopped {
		h.stopped = true
		debug.SetMemoryLimit(h.before)
	}
}
