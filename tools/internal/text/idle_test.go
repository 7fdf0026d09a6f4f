package text

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestIdleTable(t *testing.T) {
	cell := func(server string, wanted, connections int, mib int64, cpu time.Duration) results.IdleCell {
		return results.IdleCell{Server: server, Wanted: wanted, Connections: connections, Resources: &results.Resources{Window: time.Second, CPU: cpu, RSS: mib << 20}}
	}
	r := &results.Results{
		Plan: results.Plan{IdleConnections: results.IdleSteps()},
		Servers: []*results.Server{
			{Target: results.Target{Name: "large"}}, {Target: results.Target{Name: "short"}},
			{Target: results.Target{Name: "serial", OneAtATime: true}}, {Target: results.Target{Name: "none"}},
		},
		Idle: []results.IdleCell{
			cell("large", 0, 0, 10, 0), cell("large", 100, 100, 11, 250*time.Millisecond),
			cell("large", 1000, 1000, 12, time.Second), cell("large", 10_000, 10_000, 110, time.Second),
			cell("short", 0, 0, 10, 0), cell("short", 100, 64, 11, 0),
			cell("serial", 0, 0, 10, time.Second), cell("serial", 1, 1, 10, 500*time.Millisecond),
		},
	}
	r.Idle[5].Short = "too many open files"
	var out bytes.Buffer
	require.NoError(t, idleCosts(r).Write(&out, Style{}))
	assert.Regexp(t, `large +0.0 % +25.0 % +100.0 % +100.0 % +10.0 +11.0 +12.0 +110 +10.2\n`, out.String())
	assert.Regexp(t, `short +0.0 % +0.0 % +– +– +10.0 +11.0 at 64 +– +– +16.0\n`, out.String())
	assert.Regexp(t, `serial +100.0 % +50.0 % +– +– +10.0 +10.0 at 1 +– +– +–\n`, out.String())
	assert.NotContains(t, out.String(), "none")
	assert.Contains(t, strings.Join(idleNotes(r), "\n"), "short with 100 connections: too many open files")
	for server, want := range map[string]float64{"large": 0.25, "serial": 0.5} {
		share, known := r.IdleShare(server)
		assert.True(t, known)
		assert.InDelta(t, want, share, 1e-9)
	}
	_, known := r.IdleShare("none")
	assert.False(t, known)
}
