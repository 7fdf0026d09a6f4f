//go:build unix

package models

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// A model that is entered in the registry, and nowhere else, is known to every tool. It is
// a copy of the event loop under another name, in a copy of the workspace.
func TestAModelIsAddedInOnePlace(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds the command")
	}
	const model = "dozing"
	c := newCheckout(t)
	c.copyOf("eventloop", model)
	c.edit("tools/internal/models/registry.go", "eventloop", model)
	c.run("go", "work", "use", "./"+model)
	c.run("go", "-C", "tools", "mod", "edit", "-require="+sourceModule+model+"@v0.0.0", "-replace="+sourceModule+model+"=../"+model)
	c.run("go", "build", "-o", "bin/ioflavors", "./tools/cmd/ioflavors")

	assert.Contains(t, strings.Fields(c.run("bin/ioflavors", "serve", "--help")), model, "as serve's help lists the models")
	assert.Contains(t, c.run("bin/ioflavors", "serve", model, "--help"), "--loops")
	assert.Contains(t, c.run("bin/ioflavors", "check", "--only", "put-get", "--", "bin/ioflavors", "serve", model, "--addr", "{addr}"), "put-get")

	// The lab checks and measures all its variants, and counts its code.
	c.run("bin/ioflavors", "lab", "--models", model, "--only", "E0", "--out", "out")
	r, err := results.Read(t.Context(), filepath.Join(c.dir, "out", results.FileName))
	require.NoError(t, err)
	var names []string
	for _, s := range r.Servers {
		names = append(names, s.Name)
		require.NotNil(t, s.Rules)
		assert.Empty(t, s.Rules.Failed, s.Name)
	}
	assert.Equal(t, []string{model, model + " --loops 2"}, names)
	require.NotEmpty(t, r.Trials)
	assert.Positive(t, r.Trials[0].Figures["lines of "+model])
	assert.Equal(t, r.Trials[0].Figures["lines of eventloop"], r.Trials[0].Figures["lines of "+model])
	require.Len(t, r.Claims, 1)
	assert.Equal(t, results.Refuted, r.Claims[0].Findings[0].Predicted, "as for each model whose calls do not block")

	// Its traits tell that one goroutine cannot do this.
	advised, _ := c.command("bin/ioflavors", "advise", "--models", model, "--conns", "10", "--active", "10", "--rate", "1000",
		"--handler", "3ms", "--p99", "1s", "--repeats", "1", "--duration", "50ms", "--json").Output()
	var advice struct {
		Options []struct{ Model, Foretold string }
	}
	require.NoError(t, json.Unmarshal(advised, &advice), "%s", advised)
	require.Len(t, advice.Options, 2)
	for _, o := range advice.Options {
		assert.Contains(t, o.Foretold, map[string]string{model: "handles one request at a time", model + " --loops 2": "handles 2 requests at a time"}[o.Model])
	}

	tests := []string{"go", "test", "-v", "-run", "^(TestWhoMayImportWhom|TestModelsDeclareThemselves|TestEveryModelIsTried)$", "./tools/internal/source", "./tools/internal/models"}
	if runtime.GOOS == "linux" {
		tests = append(tests, "./tools/internal/netfault")
	}
	said := c.run(tests...)
	if runtime.GOOS == "linux" {
		assert.Contains(t, said, "--- PASS: TestEveryModelIsTried/"+model+"_--loops_2 ")
	}
}

// checkout is a copy of the workspace.
type checkout struct {
	*testing.T
	dir string
}

func newCheckout(t *testing.T) checkout {
	c := checkout{t, t.TempDir()}
	from := os.DirFS("../../..")
	workspace, err := fs.ReadFile(from, "go.work")
	require.NoError(t, err)
	for _, name := range []string{"go.work", "go.work.sum"} {
		text, err := fs.ReadFile(from, name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(c.dir, name), text, 0o666))
	}
	for line := range strings.Lines(string(workspace)) {
		if folder, is := strings.CutPrefix(strings.TrimSpace(line), "./"); is {
			module, err := fs.Sub(from, folder)
			require.NoError(t, err)
			require.NoError(t, os.CopyFS(filepath.Join(c.dir, folder), module))
		}
	}
	return c
}

// copyOf makes a model that is a copy of another one.
func (c checkout) copyOf(model, name string) {
	c.Helper()
	to := filepath.Join(c.dir, name)
	require.NoError(c, os.CopyFS(to, os.DirFS(filepath.Join(c.dir, model))))
	require.NoError(c, filepath.WalkDir(to, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		return os.WriteFile(file, []byte(strings.ReplaceAll(string(text), model, name)), 0o666)
	}))
}

// edit repeats each line of a file that ends in the model's import path or names its
// Command, with the other model's name.
func (c checkout) edit(file, model, name string) {
	c.Helper()
	file = filepath.Join(c.dir, file)
	text, err := os.ReadFile(file)
	require.NoError(c, err)
	var out strings.Builder
	lines := 0
	for line := range strings.Lines(string(text)) {
		out.WriteString(line)
		if trimmed := strings.TrimSpace(line); trimmed == `"`+sourceModule+model+`"` || trimmed == model+".Command," {
			out.WriteString(strings.ReplaceAll(line, model, name))
			lines++
		}
	}
	require.Equal(c, 2, lines, "an import and an entry")
	require.NoError(c, os.WriteFile(file, []byte(out.String()), 0o666))
}

func (c checkout) command(command ...string) *exec.Cmd {
	cmd := exec.CommandContext(c.Context(), command[0], command[1:]...)
	if name := filepath.Join(c.dir, command[0]); strings.Contains(command[0], "/") {
		cmd.Path = name
	}
	cmd.Dir = c.dir
	// All modules are there. Without the folder's name the build cache knows the packages.
	cmd.Env = append(os.Environ(), "GOWORK=", "GOPROXY=off", "GOFLAGS=-trimpath -buildvcs=false", "PWD="+c.dir)
	return cmd
}

// run returns what a command prints.
func (c checkout) run(command ...string) string {
	c.Helper()
	out, err := c.command(command...).CombinedOutput()
	require.NoError(c, err, "%q: %s", command, out)
	return string(out)
}
