package servertest

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

// Allocations tests that a server allocates nothing for a request, once its
// clients are there: neither for a get, nor for a put of a value that fits
// where its predecessor was, alone or pipelined.
func Allocations(t *testing.T, s Subject) {
	for _, op := range exchanges {
		for _, depth := range []int{1, 16} {
			t.Run(fmt.Sprintf("%s, depth %d", op.name, depth), func(t *testing.T) { testAllocations(t, s, op, depth) })
		}
	}
}

func testAllocations(t *testing.T, s Subject, op exchange, depth int) {
	procs := addProcessor(t)
	conns := 2 // of a model with several loops, each has one
	if s.Caps.AtOnce() == 1 {
		conns = 1
	}
	srv := start(t, s, kvserver.Config{})
	c := dialRaw(t, srv.addr, conns, depth)
	c.prepare(t, op)
	before := srv.books().Requests

	// AllocsPerRun counts what the whole process allocates. Its mean is
	// rounded down, so what the runtime needs now and then, less than once a
	// run, does not show; once a request would.
	const runs = 200
	allocs := testing.AllocsPerRun(runs, func() {
		// It has left the process one processor. The first run, which is not
		// counted, takes the others back.
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
