package kvcmd

import (
	"os"
	"runtime/debug"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// limitHeap tells the garbage collector what the server's limits come to, so that
// it hurries before the process outgrows them; by itself it lets garbage grow as
// large as what is live. Users who set GOMEMLIMIT know better. restore undoes it.
func limitHeap(l kvserver.Limits) (restore func()) {
	limit := l.Heap()
	if _, set := os.LookupEnv("GOMEMLIMIT"); set || limit == 0 {
		return func() {}
	}
	before := debug.SetMemoryLimit(limit)
	return func() { debug.SetMemoryLimit(before) }
}
