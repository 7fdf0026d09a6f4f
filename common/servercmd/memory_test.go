package servercmd

import (
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/store"
)

// The collector's limit follows the server. Once there was none, and garbage grew as large
// as the live memory. Then there was one for the largest possible store, and clients with
// parts of frames made a server with an empty store exceed its memory limit threefold.
func TestTheCollectorKnowsWhatTheServerNeeds(t *testing.T) {
	if _, set := os.LookupEnv("GOMEMLIMIT"); set {
		t.Skip("GOMEMLIMIT is set")
	}
	before := debug.SetMemoryLimit(-1)
	var stored atomic.Int64
	stats := func() server.Stats {
		return server.Stats{Active: 100, Stats: store.Stats{Store: &store.Usage{Bytes: stored.Load(), Limit: 1 << 40}}}
	}
	stop := LimitHeap(server.Limits{MemoryLimit: 32 << 20}, stats)
	empty := int64(32<<20 + 12<<20 + 100*8<<10)
	assert.Equal(t, empty, debug.SetMemoryLimit(-1))

	for _, bytes := range []int64{1 << 30, 4 << 20} { // the store grows, and then shrinks
		stored.Store(bytes)
		assert.Eventually(t, func() bool {
			runtime.GC()
			return debug.SetMemoryLimit(-1) == empty+bytes+bytes/4
		}, time.Minute, time.Millisecond)
	}
	stop()
	assert.Equal(t, before, debug.SetMemoryLimit(-1))
	stored.Store(0)
	for range 10 {
		runtime.GC()
	}
	assert.Equal(t, before, debug.SetMemoryLimit(-1), "it follows no longer")
}

func TestTheCollectorsLimitIsTheUsersWhereItMustBe(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	usage := &store.Usage{}
	for name, limited := range map[string]func() (stop func()){
		"buffers without a limit": func() func() {
			return LimitHeap(server.Limits{MemoryLimit: -1}, func() server.Stats { return server.Stats{Stats: store.Stats{Store: usage}} })
		},
		"a store that does not say": func() func() {
			return LimitHeap(server.Limits{}, func() server.Stats { return server.Stats{} })
		},
		"GOMEMLIMIT": func() func() {
			t.Setenv("GOMEMLIMIT", "1GiB")
			return LimitHeap(server.Limits{}, func() server.Stats { return server.Stats{Stats: store.Stats{Store: usage}} })
		},
	} {
		stop := limited()
		assert.Equal(t, before, debug.SetMemoryLimit(-1), name)
		stop()
		assert.Equal(t, before, debug.SetMemoryLimit(-1), name)
	}
}
