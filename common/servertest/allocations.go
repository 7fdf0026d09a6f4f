package servertest

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Allocations tests that a server with connected clients allocates nothing
// per request: neither for a get, nor for a put of a value that fits into
// the memory of the previous value, with and without pipelining.
func Allocations(t *testing.T, target Target) {
	for _, op := range exchanges {
		for _, depth := range []int{1, 16} {
			t.Run(fmt.Sprintf("%s, depth %d", op.name, depth), func(t *testing.T) { testAllocations(t, target, op, depth) })
		}
	}
}

func testAllocations(t *testing.T, target Target, op exchange, depth int) {
	procs := addProcessor(t)
	conns := 2 // a model with several loops has one on each
	if target.OneAtATime() {
		conns = 1
	}
	srv := start(t, target, kvserver.Config{})
	c := dialRaw(t, srv.addr, conns, depth)
	c.prepare(t, op)
	before := srv.books().Requests

	// AllocsPerRun counts the allocations of the whole process. It rounds the
	// mean down, so an occasional allocation of the runtime, less than one per
	// run, does not show; one per request would.
	const runs = 200
	allocs := testing.AllocsPerRun(runs, func() {
		// AllocsPerRun has set GOMAXPROCS to 1. The first run, which is not counted,
		// sets it back.
		runtime.GOMAXPROCS(procs)
		if err := c.ask(c.most()); err != nil {
			t.Fatal(err)
		}
	})
	if !raceDetector {
		assert.Zero(t, allocs, "allocations in a run of %d requests", c.most())
	}
	assert.EqualValues(t, (1+runs)*c.most(), srv.books().Requests-before, "requests answered, one run to warm up included")
}
