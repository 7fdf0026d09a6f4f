//go:build unix

package advise

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
)

// strangersProgram builds testdata/mine.go.txt in a module outside of this repository,
// and returns the file's name.
func strangersProgram(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("../../..")
	require.NoError(t, err)
	module := "module example.com/mine\n\ngo 1.26\n"
	for _, folder := range append(models.Names(), "common") {
		path := "github.com/ioflavors/ioflavors/" + folder
		module += fmt.Sprintf("\nrequire %s v0.0.0\nreplace %s => %s\n", path, path, filepath.Join(root, folder))
	}
	copied := func(from, to string) {
		text, err := os.ReadFile(from)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(dir, to), text, 0o600))
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte(module), 0o600))
	copied("../../go.sum", "go.sum")
	copied("testdata/mine.go.txt", "main.go")
	build := exec.CommandContext(t.Context(), "go", "build", "-mod=mod", "-buildvcs=false", "-o", "mine", ".")
	build.Dir, build.Env = dir, append(os.Environ(), "GOWORK=off", "PWD="+dir)
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return filepath.Join(dir, "mine")
}

// The models are measured in a program that knows nothing of the lab. The model that it
// does not link is left out, with what the program says of it.
func TestAdviceOnAProgramOfOnesOwn(t *testing.T) {
	program := strangersProgram(t)
	targets, err := models.Linked(program + " --model {model} --addr {addr}")
	require.NoError(t, err)
	cfg := adviseConfig(t)
	cfg.Targets, err = models.Select(targets, []string{"multiblocking --workers 64", "iouring", "singleblocking", "eventloop --loops 2"})
	require.NoError(t, err)
	cfg.Exchanges = labtest.Talk(t)
	cfg.Connections = 60 // not too many for the workers
	cfg.Command = []string{"ioflavors", "advise"}
	a, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Len(t, a.NotAvailable, 1)
	assert.Equal(t, Absentee{
		Model: "iouring", Refused: true,
		Reason: `mine: --model "iouring": want multiblocking, eventloop, singleblocking or busywait (--help lists the flags)`,
	}, a.NotAvailable[0])
	for _, s := range a.Samples {
		assert.Empty(t, s.Error, s.Model)
		assert.Zero(t, s.Load.Errors.Wrong, s.Model)
	}
	assert.True(t, a.option("singleblocking").Foreseen, "arithmetic knows the models, whatever runs them")
	assert.Equal(t, 3, len(a.Options))
	said := a.text(t)
	assert.Contains(t, said, "2 exchanges of talk.txt (after 1 that set up each connection)")
	assert.Contains(t, said, `iouring was not tried, because the command refuses it: mine: --model "iouring": want`)
	assert.Contains(t, said, "LEFT OUT")
	if a.Recommended != "" { // a busy machine may void every measurement
		assert.Contains(t, self.Line(a.Setup.Serve), program+" --model "+declared(a.Recommended).Model+" --addr 127.0.0.1:7070")
		assert.Contains(t, a.Setup.Go, "Protocol: protocol,")
	}
}

// The advice on a user's program is a command line of that program, and a configuration
// with its protocol, both with what the profile needs.
func TestAdviceIsTheUsersCommand(t *testing.T) {
	p := testProfile()
	p.Connections, p.Active, p.Exchanges = 20_000, 200, labtest.Talk(t)
	targets, err := models.Linked("./mine --model {model} --listen {addr} --quiet")
	require.NoError(t, err)
	targets, err = models.Select(targets, []string{"eventloop --loops 2"})
	require.NoError(t, err)
	setup, err := p.setup(targets[0], []string{"ioflavors"}, 1<<20)
	require.NoError(t, err)
	assert.Equal(t, "./mine --model eventloop --listen 127.0.0.1:7070 --quiet --loops 2 --max-conns 22000 --idle-timeout -1", self.Line(setup.Serve))
	assert.Contains(t, setup.Go, "Protocol: protocol,")
	assert.Contains(t, setup.Go, "eventloop.New(eventloop.Config{Config: config, Loops: 2})")
	assert.NotContains(t, setup.Go, "Store")
	assert.Equal(t, append([]string{"./mine", "--model", "eventloop", "--listen", "{addr}", "--quiet", "--loops", "2"}, "--max-conns", "22000", "--idle-timeout", "-1"),
		withFlags(targets[0], p).Command, "it is measured as it is advised")
}

// A program that runs none of the models, and exchanges that no model gets right, are
// no reason to blame the machine.
func TestAdviceOnWhatTheCommandRefuses(t *testing.T) {
	cfg := adviseConfig(t)
	var err error
	cfg.Targets, err = models.Linked(`sh -c ` + "exit${IFS}2 {model} {addr}")
	require.NoError(t, err)
	cfg.Targets = cfg.Targets[:2]
	a, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Equal(t, "No advice: the command runs none of the models.", a.Sentence)
	assert.Len(t, a.NotAvailable, 2)
	assert.Equal(t, 1, strings.Count(a.text(t), "not tried, because the command refuses it"), "one reason is one line")

	program := strangersProgram(t)
	cfg.Targets, err = models.Linked(program + " --model {model} --addr {addr}")
	require.NoError(t, err)
	cfg.Targets = cfg.Targets[1:2]
	wrong := labtest.Talk(t)
	wrong.All[1].Reply = []byte("B\n")
	cfg.Exchanges = wrong
	a, err = Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Empty(t, a.Recommended)
	assert.Contains(t, strings.Join(strings.Fields(a.Sentence), " "), `talk.txt:5: the reply is "A\n", want "B\n"`)
}

// A request that is longer than the default permits needs a flag; so do buffers.
func TestLimitsThatExchangesNeed(t *testing.T) {
	p := testProfile()
	p.Connections = p.Active
	p.Exchanges = labtest.Talk(t)
	limits, _ := p.limits(results.Target{Name: "eventloop"})
	assert.Empty(t, limitFlags(limits))
	p.Exchanges.All[2].Request = make([]byte, 1<<20)
	limits, _ = p.limits(results.Target{Name: "eventloop"})
	assert.Empty(t, limitFlags(limits), "the default is itself allowed")
	p.Exchanges.All[2].Request = make([]byte, 1<<20+1)
	e, err := load.NewExchanges("talk.txt", p.Exchanges.All)
	require.NoError(t, err)
	p.Exchanges = e
	limits, why := p.limits(results.Target{Name: "eventloop"})
	assert.Equal(t, []string{"--memory-limit", "267MiB", "--max-frame", "2MiB"}, limitFlags(limits))
	assert.Len(t, why, 2)
}
