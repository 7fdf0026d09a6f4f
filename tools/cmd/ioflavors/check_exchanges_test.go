package main

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/common/exchanges"
)

const kvTalk = "testdata/exchanges/kv.txt"

// The rules about transport are checked with the exchanges of a file.
func TestCheckExchanges(t *testing.T) {
	code, stdout, stderr := ioflavors(t, "check", "--exchanges", kvTalk, "--only", "repeat,half-close", startModel(t))
	assert.Zero(t, code, stderr)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 4)
	assert.Regexp(t, `^pass  repeat  `, lines[1])
	assert.Regexp(t, `^pass  half-close  +23  `, lines[2])
	assert.Equal(t, "2 of 2 rules passed", lines[3])

	code, stdout, stderr = ioflavors(t, "check", "--exchanges", kvTalk, "--only", "repeat", "--json", startModel(t))
	assert.Zero(t, code, stderr)
	var report struct {
		Exchanges string
		Passed    int
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &report), stdout)
	assert.Equal(t, kvTalk, report.Exchanges)
	assert.Equal(t, 1, report.Passed)
}

// With a command, the process is checked, too; the rule that ends the server is no
// crash.
func TestCheckExchangesOfACommand(t *testing.T) {
	if !terminates {
		t.Skip("this system has no SIGTERM")
	}
	args := append([]string{"check", "--exchanges", kvTalk, "--only", "repeat,descriptors,stop"}, childCommand("serve until a signal", "{addr}")...)
	code, stdout, stderr := ioflavors(t, args...)
	assert.Zero(t, code, "%s%s", stdout, stderr)
	assert.Regexp(t, `\npass  stop  .*\n\d of \d rules passed\n$`, stdout)
}

// Each rule waited for its whole time, on a server that never answered one.
func TestCheckOfAServerThatNeverAnswers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0") // the kernel accepts for it
	require.NoError(t, err)
	defer ln.Close()
	code, stdout, _ := ioflavors(t, "check", "--exchanges", kvTalk, "--timeout", "50ms", "--only", "repeat,pipeline,crowd", ln.Addr().String())
	assert.NotZero(t, code)
	assert.Contains(t, stdout, errSilent.Error())
	assert.NotContains(t, stdout, "crowd", "it is not tried")
}

func TestListRulesOfExchanges(t *testing.T) {
	code, stdout, stderr := ioflavors(t, "check", "--exchanges", kvTalk, "--list")
	assert.Zero(t, code, stderr)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 1+len(conformance.TransportRules()))
	for i, r := range conformance.TransportRules() {
		assert.Equal(t, r.ID, strings.Fields(lines[i+1])[0])
	}
}

func TestCheckExchangesUsage(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "wrong.txt")
	require.NoError(t, os.WriteFile(wrong, []byte("> \"a\"\n< b\n"), 0o600))
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"no file":     {[]string{"--exchanges", "/no/such/file", "127.0.0.1:1"}, "--exchanges: open /no/such/file: no such file"},
		"wrong file":  {[]string{"--exchanges", wrong, "127.0.0.1:1"}, "wrong.txt:2:3: expected a string in Go's form"},
		"max-frame":   {[]string{"--exchanges", kvTalk, "--max-frame", "1000", "127.0.0.1:1"}, "--max-frame: no rule of --exchanges depends on it"},
		"spins":       {[]string{"--spins", "127.0.0.1:1"}, "--spins: only the rules of --exchanges look at processor time"},
		"other rules": {[]string{"--exchanges", kvTalk, "--only", "put-get", "127.0.0.1:1"}, `--only put-get: `},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := ioflavors(t, append([]string{"check"}, test.args...)...)
			assert.Equal(t, 2, code)
			assert.Contains(t, stderr, test.want)
			assert.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
			assert.Empty(t, stdout)
		})
	}
}

// The files of examples are right, and a rule that needs much to be owed runs with them.
func TestFilesOfExchanges(t *testing.T) {
	files, err := filepath.Glob("testdata/exchanges/*.txt")
	require.NoError(t, err)
	require.Len(t, files, 4)
	for _, file := range files {
		all, err := exchanges.Load(file)
		require.NoError(t, err)
		assert.Len(t, conformance.SelectTransport(all, conformance.Options{Only: []string{"unread-replies"}}), 1, file)
	}
}

// What others' servers do: docs/exchanges.md has these facts.
func TestCheckOthersServers(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	page, err := os.ReadFile("../../../docs/exchanges.md")
	require.NoError(t, err)
	for name, test := range map[string]struct {
		command []string
		fails   []string
		// varies depends on how fast the client reads, and how much the kernel takes.
		varies []string
	}{
		"redis": {
			[]string{"redis-server", "--port", "{port}", "--save", "", "--appendonly", "no"},
			[]string{"half-close-unread", "unread-replies"}, []string{"half-close-many", "stop"},
		},
		"memcached": {
			[]string{"memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", "{port}"},
			[]string{"stop"}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := exec.LookPath(test.command[0])
			if err != nil {
				t.Skip(test.command[0] + " is not installed")
			}
			test.command[0] = program
			code, stdout, stderr := ioflavors(t, append([]string{"check", "--json", "--exchanges", "testdata/exchanges/" + name + ".txt", "--"}, test.command...)...)
			assert.Contains(t, []int{1, exitNotJudged}, code, stderr)
			var report struct {
				Results []struct {
					ID, Reason string
					Passed     bool
					NotJudged  bool `json:"not_judged"`
				}
			}
			require.NoError(t, json.Unmarshal([]byte(stdout), &report), stdout)
			for _, r := range report.Results {
				t.Log(r.ID, r.Passed, r.Reason)
				if r.NotJudged || slices.Contains(test.varies, r.ID) {
					continue
				}
				assert.Equal(t, !slices.Contains(test.fails, r.ID), r.Passed, "%s of %s: %s", r.ID, name, r.Reason)
			}
			for _, id := range append(test.fails, test.varies...) {
				assert.Contains(t, string(page), "`"+id+"`")
			}
		})
	}
}

// While the exchanges do not repeat, nearly all rules fail. The summary says which one to
// look at.
func TestCheckSaysWhichFailureComesFirst(t *testing.T) {
	wrong := filepath.Join(t.TempDir(), "talk.txt")
	require.NoError(t, os.WriteFile(wrong, []byte("> \"\\xff\\xff\\xff\\xff\"\n< \"y\"\n"), 0o600))
	code, stdout, _ := ioflavors(t, "check", "--exchanges", wrong, "--only", "repeat,byte-by-byte", "--timeout", "1s", startModel(t))
	assert.Equal(t, 1, code, stdout)
	assert.True(t, strings.HasSuffix(stdout, "0 of 2 rules passed\nrepeat failed, so the other rules that failed say nothing yet: mend that first.\n"), stdout)
}
