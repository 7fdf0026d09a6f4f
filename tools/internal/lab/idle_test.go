//go:build linux

package lab

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemory(t *testing.T) {
	cfg := testConfig(t, "right", "serial")
	r, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Len(t, r.Memory, 3, "not of the server that serves one at a time")
	for i, want := range []int{0, 20, 60} {
		assert.Equal(t, want, r.Memory[i].Connections)
		assert.Empty(t, r.Memory[i].Short)
		assert.Positive(t, r.Memory[i].RSS)
	}
}

func TestMemoryTable(t *testing.T) {
	r := &Results{
		Plan:    Plan{Memory: memorySteps()},
		Servers: []*Server{{Subject: Subject{Name: "large"}}, {Subject: Subject{Name: "short"}}, {Subject: Subject{Name: "none"}}},
		Memory: []MemoryCell{
			{Server: "large", RSS: 10 << 20}, {Server: "large", Connections: 100, Wanted: 100, RSS: 11 << 20},
			{Server: "large", Connections: 1000, Wanted: 1000, RSS: 12 << 20}, {Server: "large", Connections: 10_000, Wanted: 10_000, RSS: 110 << 20},
			{Server: "short", RSS: 10 << 20}, {Server: "short", Connections: 64, Wanted: 100, RSS: 11 << 20, Short: "too many open files"},
		},
	}
	var out bytes.Buffer
	require.NoError(t, r.memories().write(&out, Style{}))
	assert.Regexp(t, `large +10.0 +11.0 +12.0 +110 +10.2\n`, out.String())
	assert.Regexp(t, `short +10.0 +11.0 at 64 +– +– +16.0\n`, out.String())
	assert.NotContains(t, out.String(), "none")
	assert.Contains(t, r.memoryNotes()[1], "short with 100 connections: too many open files")
}
