package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestLabAtFlags(t *testing.T) {
	cfg, err := labConfig(t, "--at=10.0.0.5:7070", "--at=resp+cache=10.0.0.6:6379", "--at=memcached+[::1]:11211")
	require.NoError(t, err)
	assert.Equal(t, []string{"10.0.0.5:7070", "cache", "[::1]:11211"}, models.TargetNames(cfg.Targets))
	assert.Equal(t, []string{"10.0.0.5:7070", "10.0.0.6:6379", "[::1]:11211"}, []string{cfg.Targets[0].Addr, cfg.Targets[1].Addr, cfg.Targets[2].Addr})
	assert.Equal(t, []load.Protocol{"", load.RESP, load.Memcached}, []load.Protocol{cfg.Targets[0].Protocol, cfg.Targets[1].Protocol, cfg.Targets[2].Protocol})
	require.NoError(t, cfg.Validate())
	again, err := labConfig(t, cfg.Command[2:]...)
	require.NoError(t, err)
	cfg.Progress, again.Progress = nil, nil
	assert.Equal(t, cfg, again, "the command in the results repeats the run")

	cfg, err = labConfig(t, "--at=10.0.0.5:7070", "--full")
	require.NoError(t, err)
	assert.Equal(t, []results.Part{results.Closed, results.OpenLoop, results.Capacities}, cfg.Parts)
	require.NoError(t, cfg.Validate())
	cfg, err = labConfig(t, "--at=mine=10.0.0.5:7070", "--exchanges", writeTalk(t))
	require.NoError(t, err)
	assert.Equal(t, load.FromFile, cfg.Targets[0].Protocol)
}

// Flags and parts that need a server that the lab starts are refused.
func TestWhatMakesNoSenseBesideAt(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--server", "mine=./mine {addr}"}, "--server makes no sense beside --at: the lab measures servers that run already"},
		{[]string{"--models", "eventloop"}, "--models makes no sense beside --at"},
		{[]string{"--peers"}, "--peers makes no sense beside --at"},
		{[]string{"--claims"}, "--claims makes no sense beside --at"},
		{[]string{"--only", "E2"}, "--only E2 makes no sense beside --at"},
		{[]string{"--only", "idle"}, `the part "idle" needs a server that the lab starts`},
		{[]string{"--only", "eventloop"}, "--only eventloop: neither a part"},
		{[]string{"--at", "nohost"}, `--at: server nohost "nohost": missing port in address: want host:port`},
		{[]string{"--at", "=10.0.0.5:7070"}, "want ADDR, or NAME=ADDR"},
		{[]string{"--at", "10.0.0.5:7070"}, "two servers have the same name"},
		{[]string{"--at", "http+10.0.0.6:80"}, `no protocol "http" before the +`},
	} {
		code, stdout, stderr := ioflavors(t, append([]string{"lab", "--at", "10.0.0.5:7070"}, test.args...)...)
		assert.Equal(t, 2, code, "%v: %s", test.args, stderr)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, test.want)
	}
}

// The lab measures a server that it did not start from outside, says once what it cannot
// tell, and leaves the server running.
func TestLabAt(t *testing.T) {
	addr, dir := startModel(t), t.TempDir()
	code, stdout, stderr := ioflavors(t, "lab", "--at", "mine="+addr, "--rounds", "2", "--duration", "50ms", "--keys", "100", "--out", dir)
	require.Contains(t, []int{0, 3}, code, "on a busy machine the run may be void: %s", stderr)
	assert.NotContains(t, stdout, "What a request costs")
	assert.Contains(t, stdout, "How fast, in a closed loop")
	assert.Equal(t, 1, strings.Count(stdout, "NOT MEASURED: CPU time, memory"), stdout)
	assert.Contains(t, stdout, "load from ")
	assert.NotContains(t, stdout, "server on cpu")
	assert.NotContains(t, stdout, "n/a")

	r, err := results.Read(t.Context(), filepath.Join(dir, results.FileName))
	require.NoError(t, err)
	assert.True(t, r.Complete)
	assert.True(t, r.Running())
	assert.Equal(t, []results.Part{results.Closed, results.OpenLoop}, r.Plan.Parts)
	assert.Len(t, r.Runs, 2*len(r.Plan.Workloads))
	assert.Len(t, r.Open, 2*len(r.Plan.Open))
	assert.Empty(t, r.Again)
	for _, c := range append(r.Runs, r.Open...) {
		assert.Nil(t, c.Resources)
		assert.Zero(t, c.Load.Errors.Count())
	}
	assert.Nil(t, r.Servers[0].Rules)
	assert.FileExists(t, filepath.Join(dir, "report.html"))

	code, _, stderr = ioflavors(t, "get", "k", "--addr", addr)
	assert.NotContains(t, stderr, "refused", "it still runs")
	assert.Equal(t, 1, code)
}

// A server that does not answer is named, with the reason.
func TestLabAtWithoutAServer(t *testing.T) {
	code, stdout, stderr := ioflavors(t, "lab", "--at", "none="+nobody(t), "--quick", "--out", t.TempDir())
	assert.Equal(t, 1, code)
	assert.Contains(t, stdout, "connection refused")
	assert.Contains(t, stderr, "errors, or not finished: none")
}
