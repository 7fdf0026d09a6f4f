package servertest

import (
	"fmt"
	"log/slog"
	"runtime"
	"testing"

	"github.com/ioflavors/ioflavors/common/kvserver"
)

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
	for _, op := range exchanges {
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
	srv := target.New(kvserver.Config{Logger: slog.New(slog.NewTextHandler(b.Output(), nil))})
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
