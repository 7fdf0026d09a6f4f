package servertest

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/server"
)

// Allocations tests that a server with connected clients allocates nothing
// per request: neither for a get, nor for a put of a value that fits into
// the memory of the previous value, with and without pipelining.
func Allocations(t *testing.T, target Target) {
	for _, op := range rawExchanges {
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
	srv := start(t, target, server.Config{})
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

// Benchmark measures the cost of requests to a server, over loopback: gets and
// puts of 64 bytes, over conns connections with depth requests in flight on each.
// An op of the benchmark is a request.
//
// The client runs in the same process, on a thread of its own. It allocates
// nothing, so all allocations are the server's. On Linux its thread's CPU time is
// subtracted from the process's, which leaves server-cpu-µs/request. Use the
// benchmark to compare two versions of one model. Client and server share Go's
// scheduler and the machine's cores, so only the lab compares models.
func Benchmark(b *testing.B, target Target) {
	for _, op := range rawExchanges {
		for _, conns := range []int{1, 50} {
			if most := target.Clients; most > 0 && conns > most {
				continue // the others would wait for their turn
			}
			for _, depth := range []int{1, 16} {
				b.Run(fmt.Sprintf("op=%s/conns=%d/depth=%d", op.name, conns, depth), func(b *testing.B) {
					benchmark(b, target, op, conns, depth)
				})
			}
		}
	}
}

func benchmark(b *testing.B, target Target, op exchange, conns, depth int) {
	runtime.LockOSThread() // the thread's CPU time is the client's
	defer runtime.UnlockOSThread()
	addProcessor(b)
	srv := target.New(server.Config{Logger: slog.New(slog.NewTextHandler(b.Output(), nil))})
	c := dialRaw(b, Serve(b, srv), conns, depth)
	c.prepare(b, op)

	b.ReportAllocs()
	before, known := otherThreadsCPU()
	b.ResetTimer()
	for left := b.N; left > 0; left -= c.most() {
		if err := c.ask(min(left, c.most())); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	after, _ := otherThreadsCPU()

	requests := float64(b.N)
	b.ReportMetric(requests/b.Elapsed().Seconds(), "requests/s")
	if known {
		b.ReportMetric(float64((after-before).Nanoseconds())/1000/requests, "server-cpu-µs/request")
	}
}
