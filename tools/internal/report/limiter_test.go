package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLimits(t *testing.T) {
	r := sample(t)
	reason := func(server, workload int) string { return limitOf(r, r.Servers[server], workload).Reason }
	assert.Equal(t, "waiting for round trips", reason(0, 0))
	assert.Equal(t, "the server’s core", reason(0, 1))
	assert.Equal(t, "waiting for round trips", reason(1, 0), "one client, none that waits")
	assert.Equal(t, "one client at a time", reason(1, 1))
	assert.Equal(t, "round trips, or its core: it spins", reason(2, 1))
	assert.Equal(t, "1 in flight · server 50 % · load 40 %", limitOf(r, r.Servers[0], 0).Because)

	for i := range r.Runs {
		r.Runs[i].Load.Generator.Busy = 0.85
	}
	assert.Equal(t, "the generator", reason(0, 0))
	assert.Equal(t, "the server’s core, and the generator", reason(0, 1))
	assert.Equal(t, "the generator", reason(2, 1))
}
