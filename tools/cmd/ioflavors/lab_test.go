package main

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
)

func labConfig(t *testing.T, args ...string) (lab.Config, error) {
	t.Helper()
	var c struct {
		Lab labCmd `cmd:""`
	}
	parser, err := kong.New(&c, helpNames())
	require.NoError(t, err)
	if _, err = parser.Parse(append([]string{"lab"}, args...)); err != nil {
		return lab.Config{}, err
	}
	cfg, cleanUp, err := c.Lab.config(t.Context())
	if cleanUp != nil {
		t.Cleanup(cleanUp)
	}
	return cfg, err
}

func TestLabShapes(t *testing.T) {
	cfg, err := labConfig(t, "--shape", "1x1,1000x16", "--shape", "7x2", "--puts", "0.5", "--keys", "20", "--value", "16-4096")
	require.NoError(t, err)
	assert.Equal(t, []results.Shape{{Connections: 1, Depth: 1}, {Connections: 1000, Depth: 16}, {Connections: 7, Depth: 2}}, cfg.Shapes)
	assert.Equal(t, 0.5, cfg.Mix.Puts)
	assert.Equal(t, 20, cfg.Mix.Keys)
	assert.Equal(t, []int{16, 4096}, []int{cfg.Mix.MinValue, cfg.Mix.MaxValue})
	again := strings.Join(cfg.Command, " ")
	for _, flags := range []string{"--shape 1x1 --shape 1000x16 --shape 7x2", "--puts 0.5", "--keys 20", "--value 16-4096"} {
		assert.Contains(t, again, flags)
	}
	for _, wrong := range []string{"50", "x16", "50x", "0x1", "1x0", "50x-1", "5 0x1"} {
		_, err := labConfig(t, "--shape", wrong)
		assert.ErrorContains(t, err, "is no shape", "%q", wrong)
	}
}

// A run that shows next to nothing must not look like a successful one. A failed
// server takes precedence.
func TestAVoidRunDoesNotExitWithZero(t *testing.T) {
	code := func(r *results.Results) int {
		var exit *exitError
		if errors.As(verdict(r), &exit) {
			return exit.code
		}
		return 0
	}
	good := results.OpenSummary{Server: "busywait", Rounds: 3, MedianRounds: 3}
	void := results.OpenSummary{Server: "busywait", Void: 3, Reason: "the generator waited for its core"}
	assert.Zero(t, code(&results.Results{OpenSummary: []results.OpenSummary{good, void, void, void}}))
	assert.Equal(t, exitVoid, code(&results.Results{OpenSummary: []results.OpenSummary{good, void, void, void, void}}))
	assert.EqualError(t, verdict(&results.Results{OpenSummary: []results.OpenSummary{void}}),
		"VOID: 3 of 3 cells of the open loop are void, medians included; one reason: the generator waited for its core")
	assert.Equal(t, exitVoid, code(&results.Results{Claims: []results.Claim{{Experiment: "E4", Verdict: results.NotMeasurable}}}))
	failed := &results.Server{Target: results.Target{Name: "busywait"}, DNF: "it ended"}
	assert.Equal(t, 1, code(&results.Results{Servers: []*results.Server{failed}, OpenSummary: []results.OpenSummary{void}}))
}

func TestLabFlags(t *testing.T) {
	cfg, err := labConfig(t)
	require.NoError(t, err)
	assert.Equal(t, models.TargetNames(models.Models("ioflavors")), models.TargetNames(cfg.Targets), "all of our own")
	assert.Equal(t, 6, cfg.Rounds)
	assert.Equal(t, 100*time.Millisecond, cfg.Cell)
	assert.False(t, cfg.NoPin)

	cfg, err = labConfig(t, "--quick", "--rounds=2", "--no-pin", "--seed=7",
		"--models=singleblocking,eventloop --loops 2", "--server=mine=./mine {addr} --a=b,c", "--server=other=./other {port}")
	require.NoError(t, err)
	var names []string
	for _, s := range cfg.Targets {
		names = append(names, s.Name)
	}
	assert.Equal(t, []string{"singleblocking", "eventloop --loops 2", "mine", "other"}, names)
	assert.Equal(t, []string{"./mine", "{addr}", "--a=b,c"}, cfg.Targets[2].Command)
	assert.Equal(t, 2, cfg.Rounds)
	assert.Equal(t, 200*time.Millisecond, cfg.Cell)
	assert.EqualValues(t, 7, cfg.Seed)
	assert.True(t, cfg.NoPin)

	cfg, err = labConfig(t, "--only=busywait")
	require.NoError(t, err)
	assert.Len(t, cfg.Targets, 2)

	cfg, err = labConfig(t, "--only=idle,eventloop", "--only=stall-check")
	require.NoError(t, err)
	assert.Len(t, cfg.Targets, 2)
	assert.Equal(t, []results.Part{results.Idle, results.Stall}, cfg.Parts)

	cfg, err = labConfig(t, "--full")
	require.NoError(t, err)
	assert.Equal(t, results.Parts, cfg.Parts)
	assert.Equal(t, 6, cfg.Rounds)

	for _, wrong := range []string{"--models=none", "--server=none", "--models=peer", "--server=http+mine=./mine {addr}"} {
		_, err := labConfig(t, wrong)
		require.Error(t, err, wrong)
	}
}

// The null server gets the same mix of requests as the servers, because the
// generator's ceiling is measured with it.
func TestLabTellsTheNullServerOfTheMix(t *testing.T) {
	cfg, err := labConfig(t, "--keys", "20", "--value", "100-200")
	require.NoError(t, err)
	assert.Subset(t, cfg.Null.Command, []string{"--keys", "20", "--value", "100-200"})
}

// The peers are built from source, which is not available everywhere.
func TestLabPeersNeedACheckout(t *testing.T) {
	t.Chdir(t.TempDir())
	_, err := labConfig(t, "--peers")
	require.ErrorContains(t, err, "--peers: the peers are built from source")
}

// The command in the results repeats the run.
func TestLabCommand(t *testing.T) {
	args := []string{"--models=singleblocking,eventloop --loops 2", "--server=mine=./mine {addr} --a=b,c", "--only=closed", "--full", "--slo=2ms", "--rounds=7", "--duration=2s", "--arrivals=poisson", "--no-pin"}
	cfg, err := labConfig(t, args...)
	require.NoError(t, err)
	again, err := labConfig(t, cfg.Command[2:]...)
	require.NoError(t, err)
	cfg.Progress, again.Progress = nil, nil
	assert.Equal(t, cfg, again)

	cfg, err = labConfig(t, "--exchanges", writeTalk(t), "--server=mine=./mine {addr}", "--protocol=resp")
	require.NoError(t, err)
	again, err = labConfig(t, cfg.Command[2:]...)
	require.NoError(t, err)
	cfg.Progress, again.Progress = nil, nil
	assert.Equal(t, cfg, again)
}

// Printed commands begin as the user started the program, so that they can
// be pasted.
func TestCommandsBeginAsTheUserBegan(t *testing.T) {
	cfg, err := labConfig(t, "--server", "mine=./my-server --listen {addr}")
	require.NoError(t, err)
	assert.Equal(t, append(self.Command(), "lab"), cfg.Command[:len(self.Command())+1])
	assert.Contains(t, self.Line(cfg.Command), " --server 'mine=./my-server --listen {addr}' ")
	advice, err := adviseConfig(t)
	require.NoError(t, err)
	assert.Equal(t, append(self.Command(), "advise"), advice.Command[:len(self.Command())+1])
	for _, args := range [][]string{{"--help"}, {"lab", "--help"}} {
		_, help, _ := ioflavors(t, args...)
		assert.Contains(t, help, "Usage: "+self.String()+" ")
	}
}

// serve knows the command of each target, and its flags: it gets as far as their help.
func TestLabTargetsAreServed(t *testing.T) {
	for _, s := range models.Models("ioflavors") {
		code, help, said := ioflavors(t, append(s.Command[1:len(s.Command):len(s.Command)], "--help")...)
		assert.Zero(t, code, "%s: %s", s.Name, said)
		assert.Contains(t, help, models.VariantOf(s).Summary, s.Name)
	}
}

// The lab measures servers of which only exchanges are known, and our models in another
// protocol.
func TestLabProtocols(t *testing.T) {
	talk := writeTalk(t)
	cfg, err := labConfig(t, "--exchanges", talk, "--server", "mine=./mine {addr}")
	require.NoError(t, err)
	require.Equal(t, []string{"mine"}, models.TargetNames(cfg.Targets), "our own speak another protocol")
	assert.Equal(t, load.FromFile, cfg.Targets[0].Protocol)
	assert.Len(t, cfg.Mix.Exchanges.All, 2)
	assert.Equal(t, []string{"null-server", "--exchanges", talk}, cfg.Null.Command[1:4])
	require.NoError(t, cfg.Validate())

	ours := len(models.Models("ioflavors"))
	cfg, err = labConfig(t, "--protocol", "resp", "--server", "mine=./mine {addr}")
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(cfg.Targets), ours+1)
	for _, s := range cfg.Targets {
		assert.Equal(t, load.RESP, s.Protocol, s.Name)
	}
	assert.Equal(t, []string{"--protocol", "resp"}, cfg.Targets[0].Command[len(cfg.Targets[0].Command)-2:])
	assert.Equal(t, load.RESP, cfg.Mix.Protocol)
	assert.Subset(t, cfg.Null.Command, []string{"--protocol", "resp"})
	_, err = exec.LookPath("redis-server")
	assert.Equal(t, err == nil, slices.Contains(models.TargetNames(cfg.Targets), "peer redis"))
	assert.Equal(t, err != nil, len(cfg.NotMeasured) > 0)
	assert.NotContains(t, models.TargetNames(cfg.Targets), "peer memcached")

	cfg, err = labConfig(t, "--protocol", "resp", "--exchanges", talk)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, len(cfg.Targets), ours)
	assert.Equal(t, load.FromFile, cfg.Targets[0].Protocol)
	assert.Contains(t, cfg.Targets[0].Command, "resp", "it serves that protocol")

	for _, wrong := range []struct {
		args []string
		says string
	}{
		{[]string{"--exchanges", talk}, "--exchanges: name the server that takes part in them"},
		{[]string{"--exchanges", talk, "--server", "resp+mine=./mine {addr}"}, "--server resp+mine makes no sense beside --exchanges"},
		{[]string{"--exchanges", "no-such-file", "--server", "mine=./mine {addr}"}, "--exchanges: open no-such-file"},
		{[]string{"--protocol", "resp", "--peers"}, "--peers makes no sense beside --protocol resp"},
		{[]string{"--protocol", "http"}, "must be one of"},
	} {
		_, err := labConfig(t, wrong.args...)
		assert.ErrorContains(t, err, wrong.says)
	}
	code, _, errs := ioflavors(t, "lab", "--exchanges", talk, "--keys", "10000")
	assert.Equal(t, 2, code)
	assert.Contains(t, errs, "--keys makes no sense beside --exchanges")
}
