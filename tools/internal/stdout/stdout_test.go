package stdout

import (
	"bytes"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/source"
)

// cmd/ioflavors tests the commands as processes.
func TestTheFirstErrorIsKept(t *testing.T) {
	defer OutliveReaders()()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	c := New(w)
	n, err := c.Write([]byte("read"))
	assert.Equal(t, 4, n)
	assert.NoError(t, err)
	require.NoError(t, c.Err())
	var said bytes.Buffer
	assert.Equal(t, 0, c.ExitCode("p", 0, &said))
	assert.Equal(t, 3, c.ExitCode("p", 3, &said))

	require.NoError(t, r.Close())
	require.NoError(t, w.Close())
	for range 2 {
		n, err = c.Write([]byte("lost"))
		assert.Equal(t, 4, n)
		assert.NoError(t, err, "the command goes on")
	}
	require.Error(t, c.Err())
	assert.Equal(t, 1, c.ExitCode("p", 0, &said))
	assert.Equal(t, 1, c.ExitCode("p", 3, &said), "that may be about a result, which was lost")
	assert.Contains(t, said.String(), "p: write ")
}

func TestWhatIsWrittenIsNoControlSequence(t *testing.T) {
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	c := New(w)
	_, _ = c.Write([]byte("\x1b[1mbold\x1b[0m \x1b[2J\n"))
	c.Value("\x1b[2J") // to a pipe: unchanged
	var said bytes.Buffer
	n, err := Escaping(&said).Write([]byte("\u009b2J"))
	require.NoError(t, err)
	assert.Equal(t, 4, n)
	assert.Equal(t, `\u009b2J`, said.String())
	require.NoError(t, w.Close())
	var out bytes.Buffer
	_, err = out.ReadFrom(r)
	require.NoError(t, err)
	assert.Equal(t, "\x1b[1mbold\x1b[0m \\u001b[2J\n\x1b[2J\n", out.String())
}

// Output that bypasses this package might contain control sequences.
func TestNobodyWritesPastThisPackage(t *testing.T) {
	allowed := []string{
		"cmd/ioflavors/main.go",             // makes a Checked, and stderr
		"cmd/ioflavors/terminal.go",         // the line of progress, which is escaped
		"cmd/ioflavors/load.go",             // its progress: numbers
		"cmd/ioflavors/serve.go",            // a server's log, which slog escapes
		"cmd/ioflavors/null.go",             // as well
		"internal/figures/main.go",          // makes a Checked, and stderr
		"internal/mutate/main.go",           // as well
		"internal/labtest/servers.go",       // the logs of servers in tests
		"lint/crossvet/main.go",             // positions in our own code
		"peers/internal/command/command.go", // a server's log
	}
	uses, err := source.Uses("../..", "os", "Stdout", "Stderr")
	require.NoError(t, err)
	printed, err := source.Uses("../..", "fmt", "Print", "Printf", "Println")
	require.NoError(t, err)
	logged, err := source.Uses("../..", "log")
	require.NoError(t, err)
	seen := make(map[string]bool)
	for _, u := range slices.Concat(uses, printed, logged) {
		assert.True(t, slices.Contains(allowed, u.File), "%v: a Checked or an Escaping takes output", u)
		seen[u.File] = true
	}
	for _, file := range allowed {
		assert.True(t, seen[file], "%s has no output of its own any more", file)
	}
}
