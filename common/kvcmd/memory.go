package kvcmd

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// LimitHeap tells the garbage collector, until stop is called, what a server needs:
// its limits, and what its store and its connections have become. So the collector
// hurries before garbage makes the process outgrow that; by itself it lets garbage
// grow as large as what is live. It looks again after each collection, because a
// bound for the largest store that there may be would be none for a small one.
//
// stats are the server's. If the user has set GOMEMLIMIT, or the server has no limit,
// or its store does not say how large it is, LimitHeap does nothing.
func LimitHeap(l kvserver.Limits, stats func() kvserver.Stats) (stop func()) {
	h := &heapLimit{limits: l, stats: stats}
	if _, set := os.LookupEnv("GOMEMLIMIT"); set || l.Heap(stats()) == 0 {
		return func() {}
	}
	h.before = debug.SetMemoryLimit(-1)
	h.follow(0)
	return h.stop
}

type heapLimit struct {
	limits kvserver.Limits
	stats  func() kvserver.Stats

	mu      sync.Mutex
	before  int64 // the limit that it found
	stopped bool
}

// follow sets the limit, and has itself called after the next collection.
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
