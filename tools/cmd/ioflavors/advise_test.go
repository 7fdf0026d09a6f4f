package main

import (
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/advise"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

func adviseConfig(t *testing.T, args ...string) (advise.Config, error) {
	t.Helper()
	var c struct {
		Advise adviseCmd `cmd:""`
	}
	parser, err := kong.New(&c)
	require.NoError(t, err)
	if _, err = parser.Parse(append([]string{"advise"}, args...)); err != nil {
		return advise.Config{}, err
	}
	return c.Advise.config()
}

func TestAdviseFlags(t *testing.T) {
	cfg, err := adviseConfig(t)
	require.NoError(t, err)
	assert.Equal(t, models.TargetNames(models.Models("ioflavors")), models.TargetNames(cfg.Targets))
	assert.Equal(t, advise.Profile{
		Connections: 1000, Active: 100, Rate: 5000, Arrivals: load.Poisson, Puts: 0.1, Value: 64, P99: 10 * time.Millisecond, Cores: 1,
	}, cfg.Profile)
	assert.Equal(t, 3, cfg.Repeats)

	cfg, err = adviseConfig(t, "--conns", "20000", "--active", "1%", "--rate", "5000", "--handler", "2ms", "--value", "1KiB",
		"--p99", "5ms", "--spare-core", "--puts", "0.5", "--arrivals", "constant", "--models", "eventloop", "--seed", "7", "--duration", "2s")
	require.NoError(t, err)
	assert.Equal(t, advise.Profile{
		Connections: 20000, Active: 200, Rate: 5000, Arrivals: load.Constant, Puts: 0.5, Handler: 2 * time.Millisecond,
		Value: 1024, P99: 5 * time.Millisecond, Cores: 1, SpareCore: true,
	}, cfg.Profile)
	assert.Len(t, cfg.Targets, 2)

	again, err := adviseConfig(t, cfg.Command[2:]...)
	require.NoError(t, err)
	again.Progress = cfg.Progress
	assert.Equal(t, cfg, again, "the command does the same again")

	cfg, err = adviseConfig(t, "--active=3", "--handler=100us", "--handler-kind=cpu")
	require.NoError(t, err)
	assert.Equal(t, 3, cfg.Active)
	assert.True(t, cfg.Computes)
	cfg, err = adviseConfig(t, "--conns=10", "--active=0.5%")
	require.NoError(t, err)
	assert.Equal(t, 1, cfg.Active, "one at least")

	for _, wrong := range []string{"--active=0", "--active=0%", "--active=101%", "--active=2000", "--active=few", "--value=1KB", "--value=-1", "--value=9MiB",
		"--handler-kind=sleep", "--conns=0", "--rate=0", "--p99=0s", "--cores=0", "--cores=9999", "--models=none", "--handler=20ms", "--arrivals=never"} {
		_, err := adviseConfig(t, wrong)
		assert.Error(t, err, wrong)
	}
}

// The test binary serves like the program; see TestMain.
func TestAdvise(t *testing.T) {
	dir := t.TempDir()
	args := []string{"advise", "--models", "multiblocking --os-threads", "--conns", "20", "--active", "50%", "--rate", "300",
		"--handler", "1ms", "--p99", "5s", "--repeats", "1", "--duration", "200ms", "--json", "--out", dir}
	code, out, progress := ioflavors(t, args...)
	assert.Contains(t, []int{0, 1, 3}, code, "on a busy machine every measurement may be void")
	var advice advise.Advice
	require.NoError(t, json.Unmarshal([]byte(out), &advice), out)
	assert.True(t, advice.Complete)
	require.NotEmpty(t, advice.Samples)
	assert.Empty(t, advice.Samples[0].Error)
	assert.Equal(t, 10, advice.Samples[0].Silent)
	assert.Positive(t, advice.Samples[0].Load.Requests)
	assert.GreaterOrEqual(t, advice.Samples[0].Load.Service.Mean, 1e6, "the handler takes 1 ms")
	assert.Contains(t, progress, "about ")
	assert.Contains(t, progress, "in their handlers at any time")
	assert.FileExists(t, filepath.Join(dir, "advice.txt"))
	assert.FileExists(t, filepath.Join(dir, "advice.json"))

	code, out, said := ioflavors(t, "advise", "--rate", "5000", "--handler", "1ms", "--handler-kind", "cpu")
	assert.Equal(t, 2, code)
	assert.Empty(t, out)
	assert.Contains(t, said, "5.00 cores of computing")
}

func TestAdviseCommandFlags(t *testing.T) {
	talk := writeTalk(t)
	cfg, err := adviseConfig(t, "--command", "go run ./mine --model {model} --addr {addr}", "--exchanges", talk, "--conns", "200", "--rate", "2000")
	require.NoError(t, err)
	assert.Equal(t, models.TargetNames(models.Models("ioflavors")), models.TargetNames(cfg.Targets))
	assert.True(t, cfg.Targets[0].Linked)
	assert.Len(t, cfg.Exchanges.All, 2)
	again, err := adviseConfig(t, cfg.Command[2:]...)
	require.NoError(t, err)
	again.Progress = cfg.Progress
	assert.Equal(t, cfg, again, "the command does the same again")

	cfg, err = adviseConfig(t, "--command", "go run ./mine --model {model} --addr {addr}", "--value", "1KiB")
	require.NoError(t, err, "it may speak this project's protocol")
	assert.Nil(t, cfg.Exchanges)

	for says, args := range map[string][]string{
		"--exchanges wants --command":                               {"--exchanges", talk},
		"--command: command \"go {addr}\": want {model}":            {"--command", "go {addr}"},
		"--command: exec: \"no-such-program\": executable file not": {"--command", "no-such-program {model} {addr}"},
		"--exchanges: open no-such-file":                            {"--command", "go {model} {addr}", "--exchanges", "no-such-file"},
	} {
		code, _, errs := ioflavors(t, append([]string{"advise"}, args...)...)
		assert.Equal(t, 2, code, says)
		assert.Contains(t, errs, says)
	}
	for _, flag := range []string{"--puts=0.1", "--value=64", "--handler=0s", "--handler-kind=wait"} {
		code, _, errs := ioflavors(t, "advise", "--command", "go {model} {addr}", "--exchanges", talk, flag)
		assert.Equal(t, 2, code, flag)
		assert.Contains(t, errs, "makes no sense beside --")
	}
}
