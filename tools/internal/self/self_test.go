package self

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestABinaryIsCalledAsTheUserCalledIt(t *testing.T) {
	assert.Equal(t, []string{"bin/ioflavors"}, command("bin/ioflavors", "/home/user/bin/ioflavors", nil))
}

func TestUnderGoRunTheCommandIsGoRun(t *testing.T) {
	executable := "/tmp/go-build123/b001/exe/ioflavors"
	info := &debug.BuildInfo{Path: "github.com/ioflavors/ioflavors/tools/cmd/ioflavors"}
	t.Chdir(t.TempDir())
	assert.Equal(t, []string{"go", "run", info.Path}, command(executable, executable, info))
	assert.Equal(t, []string{executable}, command(executable, executable, nil), "no better name is known")

	require.NoError(t, os.MkdirAll(source, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(source, "main.go"), nil, 0o600))
	assert.Equal(t, []string{"go", "run", "./tools/cmd/ioflavors"}, command(executable, executable, info))
}

// go run really puts its programs where builtByGoRun expects them: programs of
// files and of packages, the first time and from the cache.
func TestGoRunIsRecognised(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte(
		"package main\nimport \"os\"\nfunc main() { name, _ := os.Executable(); os.Stdout.WriteString(name) }\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module where\n"), 0o600))
	for _, what := range []string{"main.go", ".", ".", "."} {
		run := exec.CommandContext(t.Context(), "go", "run", what)
		run.Dir = dir
		run.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-buildvcs=false")
		out, err := run.Output()
		require.NoError(t, err)
		assert.True(t, builtByGoRun(strings.TrimSpace(string(out))), "go run %s: %s", what, out)
	}
}

// A shell takes each word literally.
func TestALineCanBePasted(t *testing.T) {
	words := []string{"my bin/ioflavors", "lab", "--server", "mine=./my-server {addr}", "it's", "", "$HOME", "50%", "--out=a,b"}
	assert.Equal(t, `'my bin/ioflavors' lab --server 'mine=./my-server {addr}' 'it'\''s' '' '$HOME' '50%' '--out=a,b'`, Line(words))
	if shell, err := exec.LookPath("sh"); err == nil {
		out, err := exec.CommandContext(t.Context(), shell, "-c", "printf '%s\\n' "+Line(words)).Output()
		require.NoError(t, err)
		assert.Equal(t, strings.Join(words, "\n")+"\n", string(out))
	}
}
