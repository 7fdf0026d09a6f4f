package lab

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/iouring"
	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/proc"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Each tracer that is available and permitted counts one read and one write for a request.
func TestSyscallsOfAServer(t *testing.T) {
	for _, tr := range proc.Tracers() {
		t.Run(tr.Name(), func(t *testing.T) {
			b := &run{Bench: &bench.Bench{Results: &results.Results{Plan: results.Plan{Workloads: results.Workloads(load.DefaultWorkload()), Warmup: 1, Idle: 300e6}}}}
			s := &results.Server{Target: labtest.Target(t, "right")}
			p, err := proc.Start(t.Context(), s.Target, proc.Pinning{})
			require.NoError(t, err)
			defer p.Kill()
			require.NoError(t, b.Preload(t.Context(), s.Target, p))
			cell, err := b.countCalls(t.Context(), tr, s, p, 1)
			if err != nil {
				t.Skipf("not here: %v", err)
			}
			require.Positive(t, cell.Requests)
			// A request in flight at the beginning or the end may be counted on one
			// side only: up to twice the requests in flight.
			once := float64(cell.Requests)
			assert.InDelta(t, once, cell.Calls["write"], max(once/2, 150))
			assert.Greater(t, float64(cell.Calls["read"]), once/2)
		})
	}
}

// The system calls of a server with a ring are counted by name: io_uring_enter.
func TestSyscallsOfARing(t *testing.T) {
	if err := iouring.Available(); err != nil {
		t.Skip(err)
	}
	for _, tr := range proc.Tracers() {
		t.Run(tr.Name(), func(t *testing.T) {
			b := &run{Bench: &bench.Bench{Results: &results.Results{Plan: results.Plan{Workloads: results.Workloads(load.DefaultWorkload()), Warmup: 1, Idle: 300e6}}}}
			s := &results.Server{Target: labtest.Target(t, "iouring")}
			p, err := proc.Start(t.Context(), s.Target, proc.Pinning{})
			require.NoError(t, err)
			defer p.Kill()
			require.NoError(t, b.Preload(t.Context(), s.Target, p))
			cell, err := b.countCalls(t.Context(), tr, s, p, 0)
			if err != nil {
				t.Skipf("not here: %v", err)
			}
			require.Positive(t, cell.Requests)
			assert.Positive(t, cell.Calls[results.RingCall], "%v", cell.Calls)
			r := &results.Results{Plan: b.Results.Plan, Servers: []*results.Server{s}, Syscalls: []results.SyscallCell{cell}}
			r.Plan.Experiments = []string{"E12"}
			claims := experiments.Judge(r)
			require.Len(t, claims, 1)
			require.Len(t, claims[0].Findings, 1)
			assert.Regexp(t, "for each request, by "+tr.Name()+"|so few that", claims[0].Findings[0].Why, "a busy machine may answer few requests")
		})
	}
}
