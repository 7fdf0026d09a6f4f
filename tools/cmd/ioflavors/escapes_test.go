package main

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
	"github.com/ioflavors/ioflavors/tools/internal/printable"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// evil clears a terminal's screen, sets its title, reverses the direction of
// writing, and adds a line that looks like the program's own. Its last part clears
// the screen with a C1 control character.
const evil = "\x1b[2J\x1b]0;title\x07 \u202e \u009b2J \x7f\n54 of 54 rules passed"

// harmless fails the test if a text contains anything that a terminal obeys.
func harmless(t *testing.T, text string) {
	t.Helper()
	assert.Equal(t, printable.Text(text), text)
}

// refusing returns the address of a server that refuses every request, with evil
// as the reason.
func refusing(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = ln.Close() })
	reply := kv.AppendFrame(nil, kv.Message{Value: []byte(evil), Status: kvpb.Status_NotOk})
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				for request := make([]byte, 1<<10); ; {
					if _, err := conn.Read(request); err != nil {
						return
					}
					_, _ = conn.Write(reply)
				}
			}()
		}
	}()
	return ln.Addr().String()
}

func TestServersWordsAreNoControlSequences(t *testing.T) {
	addr := refusing(t)
	for _, args := range [][]string{
		{"get", "k", "--addr", addr},
		{"put", "k", "v", "--addr", addr},
		{"load", addr, "--keys", "1", "--reply-timeout", "100ms", "-d", "50ms", "--warmup", "0s"},
		{"load", addr, "--keys", "1", "-d", "50ms", "--warmup", "0s", "--no-preload"},
		{"check", "--only", "put-get", addr},
	} {
		_, stdout, stderr := ioflavors(t, args...)
		harmless(t, stdout)
		harmless(t, stderr)
		assert.NotContains(t, stdout+stderr, "\n54 of 54", "%q", args)
		assert.Contains(t, stdout+stderr, `1b[2J`, "%q", args)
	}
}

// The user may have copied the arguments from an untrusted source.
func TestArgumentsAreNoControlSequences(t *testing.T) {
	addr := nobody(t)
	for _, args := range [][]string{
		{"check", addr + evil},
		{"check", "--", evil},
		{"check", "--only", evil, addr},
		{"lab", "--server", evil + "=no-such-program {addr}", "--only", "models"},
		{"report", evil},
		{"compare", evil, evil},
		{evil},
	} {
		_, stdout, stderr := ioflavors(t, args...)
		harmless(t, stdout)
		harmless(t, stderr)
	}
}

// The last words of a command are shown when it ends.
func TestLastWordsAreNoControlSequences(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	t.Setenv(asProgram, "1")
	_, stdout, stderr := ioflavors(t, "check", "--", self, "\x1b[2J{addr}\u009b") // an unknown command, which the program repeats
	harmless(t, stdout)
	harmless(t, stderr)
	assert.Contains(t, stderr, `its last words: `)
	assert.Contains(t, stderr, `\u009b`)
}

// JSON is escaped, too, and is still valid JSON.
func TestJSONForATerminal(t *testing.T) {
	_, stdout, _ := ioflavors(t, "check", "--json", "--only", "put-get", refusing(t))
	harmless(t, stdout)
	assert.True(t, json.Valid([]byte(stdout)), stdout)
}

// Names in results.json appear on the page and in the advice.
func TestResultsAreNoControlSequences(t *testing.T) {
	dir := t.TempDir()
	write := func(name string) {
		_, err := (&results.Results{Schema: results.Schema, Servers: []*results.Server{{Target: results.Target{Name: name}, DNF: evil}}}).Write(dir)
		require.NoError(t, err)
	}
	write("a" + evil) // of several lines
	code, _, stderr := ioflavors(t, "report", dir)
	assert.Equal(t, 1, code)
	harmless(t, stderr)

	write("a" + strings.ReplaceAll(evil, "\n", ""))
	code, stdout, stderr := ioflavors(t, "report", dir)
	require.Zero(t, code, stderr)
	harmless(t, stdout)
	page, err := os.ReadFile(filepath.Join(dir, "report.html"))
	require.NoError(t, err)
	harmless(t, string(page))
	assert.Contains(t, string(page), `\u202e`)
}

// Output that is no terminal gets the value unchanged.
func TestValuesAreRawWhereNobodyLooks(t *testing.T) {
	addr := startModel(t)
	code, _, stderr := ioflavors(t, "put", "k", evil, "--addr", addr)
	require.Zero(t, code, stderr)
	_, stdout, _ := ioflavors(t, "get", "k", "--addr", addr)
	assert.Equal(t, evil+"\n", stdout)
}
