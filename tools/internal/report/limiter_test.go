package report

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

func TestLimits(t *testing.T) {
	r := reporttest.Sample(t)
	reason := func(server, workload int) string { return limitOf(r, r.Servers[server], workload).Reason }
	assert.Equal(t, "waiting for round trips", reason(0, 0))
	assert.Equal(t, "the server’s core", reason(0, 1))
	assert.Equal(t, "waiting for round trips", reason(1, 0), "one client, none that waits")
	assert.Equal(t, "one client at a time", reason(1, 1))
	assert.Equal(t, "round trips, or its core: it spins", reason(2, 1))
	assert.Equal(t, "1 in flight · server 50 % · load 40 %", limitOf(r, r.Servers[0], 0).Because)

	// On a busy machine a server waits for its core, not for round trips; so may
	// the generator.
	runs := slices.Clone(r.Runs)
	others := 0.8
	for i := range r.Runs {
		used := *r.Runs[i].Resources
		used.CPU, used.RunQueue = 190*time.Millisecond, new(780*time.Millisecond)
		r.Runs[i].Resources, r.Runs[i].Others = &used, &others
	}
	assert.Equal(t, limit{"waiting for its core, which others had", "server 19 %, waited 78 % · load 40 %, waited n/a"}, limitOf(r, r.Servers[0], 0))
	assert.Equal(t, "waiting for its core, which others had", reason(1, 1))
	assert.Equal(t, "waiting for its core, which others had", reason(2, 1))
	copy(r.Runs, runs)
	for i := range r.Runs {
		r.Runs[i].Load.Generator.RunQueue = new(0.5)
	}
	assert.Equal(t, "the generator: it waited for its core, which others had", reason(0, 0))
	copy(r.Runs, runs)

	// A server without requests that waited for a core, because others had it,
	// spins too.
	for i := range r.Idle {
		if used := r.Idle[i].Resources; used.CPU == time.Second {
			used.CPU, used.RunQueue = 200*time.Millisecond, new(800*time.Millisecond)
		}
	}
	assert.Equal(t, "round trips, or its core: it spins", reason(2, 1))

	for i := range r.Runs {
		r.Runs[i].Load.Generator.Busy = 0.85
	}
	assert.Equal(t, "the generator", reason(0, 0))
	assert.Equal(t, "the server’s core, and the generator", reason(0, 1))
	assert.Equal(t, "the generator", reason(2, 1))
}
