//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A pageCommand is a command of a page's console, and the lines that the page shows as its
// output.
type pageCommand struct {
	text string
	says []string
}

// follow returns what a reader of a page does, as a bash script: commands as they stand
// there, and the files that its blocks are. Before the output of command n comes a line
// @@n. Exit code 3 of a measuring command is no failure, because it means that the machine
// was too busy to measure.
func follow(t *testing.T, page string, files map[string]string) (script string, commands []pageCommand) {
	t.Helper()
	var out strings.Builder
	out.WriteString("set -e\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n")
	add := func(c pageCommand) {
		fmt.Fprintf(&out, "echo @@%d\n", len(commands))
		if strings.HasPrefix(c.text, "./ioflavors ") {
			out.WriteString(c.text + " || test $? = 3\n")
		} else {
			out.WriteString(c.text + "\n")
		}
		command, _, _ := strings.Cut(c.text, " #")
		if addr := regexp.MustCompile(`--addr ([\d.]+):(\d+)`).FindStringSubmatch(command); addr != nil && strings.HasSuffix(command, "&") {
			// A reader types more slowly than a server starts.
			fmt.Fprintf(&out, "until (: <>/dev/tcp/%s/%s) 2>/dev/null; do kill -0 %%1; done\n", addr[1], addr[2])
		}
		commands = append(commands, c)
	}
	for _, m := range regexp.MustCompile("(?ms)^```(\\w+)\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		language, text := m[1], m[2]
		if language != "console" {
			for name, begin := range files {
				if strings.HasPrefix(text, begin) {
					fmt.Fprintf(&out, "cat >%s <<'END OF FILE'\n%sEND OF FILE\n", name, text)
				}
			}
			continue
		}
		var c *pageCommand
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if text, is := strings.CutPrefix(line, "$ "); is {
				if c != nil {
					add(*c)
				}
				c = &pageCommand{text: text}
			} else if more, is := strings.CutPrefix(line, "> "); is {
				c.text += "\n" + more
			} else if line != "…" {
				c.says = append(c.says, line)
			}
		}
		add(*c)
	}
	return out.String(), commands
}

// A stranger's program, outside of this workspace: docs/your-own-server.md does what it
// says.
func TestYourOwnServer(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip(err)
	}
	page, err := os.ReadFile("../../../docs/your-own-server.md")
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	require.NoError(t, ln.Close())
	const portOfPage = "7171" // another program may have it
	script, commands := follow(t, strings.ReplaceAll(string(page), portOfPage, port), map[string]string{
		"main.go": "package main\n", "talk.txt": "# talk.txt\n",
	})
	assert.GreaterOrEqual(t, len(commands), 15)
	assert.Contains(t, script, "cat >main.go")
	assert.Contains(t, script, "cat >talk.txt")

	dir := t.TempDir()
	checkout, err := filepath.Abs("../../..")
	require.NoError(t, err)
	require.NoError(t, os.Symlink(checkout, filepath.Join(dir, "ioflavors")))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, bash, "-c", script)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // with the server
	cmd.Dir = dir
	// All modules that the checkout needs are there, and their sums have been checked.
	cmd.Env = append(os.Environ(), "GOWORK=", "GOFLAGS=-buildvcs=false -trimpath", "GONOSUMDB=*", "PWD="+dir)
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", said)

	outputs := regexp.MustCompile(`(?m)^@@\d+\n`).Split(string(said), -1)[1:]
	require.Len(t, outputs, len(commands), "%s", said)
	for i, c := range commands {
		lines := strings.Split(outputs[i], "\n")
		for _, want := range c.says {
			at := slices.Index(lines, want)
			if assert.GreaterOrEqual(t, at, 0, "%s\nsays\n%s\nwithout, in its place,\n%s", c.text, outputs[i], want) {
				lines = lines[at+1:]
			}
		}
	}
}

func TestFollowingAPage(t *testing.T) {
	script, commands := follow(t, "```console\n$ for i in 1; do\n> x\n> done\n$ y\nsays\n…\nmore\n```\n```go\npackage p\n```\n```text\nno file\n```\n```console\n$ z\n```\n",
		map[string]string{"p.go": "package p"})
	assert.Equal(t, []pageCommand{{text: "for i in 1; do\nx\ndone"}, {text: "y", says: []string{"says", "more"}}, {text: "z"}}, commands)
	assert.Contains(t, script, "echo @@0\nfor i in 1; do\nx\ndone\necho @@1\ny\ncat >p.go <<'END OF FILE'\npackage p\nEND OF FILE\necho @@2\nz\n")
	assert.NotContains(t, script, "no file")
}
