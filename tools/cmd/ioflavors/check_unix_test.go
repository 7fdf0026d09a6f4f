//go:build unix

package main

import (
	"encoding/json"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// interrupts returns the address of a silent server. Its second connection
// interrupts this process, as Ctrl-C does; the first one is only the check's test
// that a server listens.
func interrupts(t *testing.T) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var served sync.WaitGroup
	served.Go(func() {
		for n := 1; ; n++ {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			if n == 2 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
			}
		}
	})
	t.Cleanup(func() { ln.Close(); served.Wait() })
	return ln.Addr().String()
}

// Ctrl-C ends a check with 130. The check does not count untried rules against
// the server.
func TestCtrlCInACheckAccusesNobody(t *testing.T) {
	code, stdout, stderr := ioflavors(t, "check", "--timeout", "10m", interrupts(t))
	assert.Equal(t, 130, code)
	assert.NotContains(t, stdout, "FAIL")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	require.Len(t, lines, 4, "the heading, the rule and why it was not judged, the sum: %s", stdout)
	assert.Regexp(t, `^–     golden-frames `, lines[1])
	assert.Regexp(t, `^      not judged: interrupted: `, lines[2])
	assert.Regexp(t, `^0 of \d+ rules passed, \d+ not judged`, lines[3])
	assert.Regexp(t, `^ioflavors: interrupted: \d+ of \d+ rules were not judged\n$`, stderr)

	code, stdout, _ = ioflavors(t, "check", "--timeout", "10m", "--json", interrupts(t))
	assert.Equal(t, 130, code)
	var report struct {
		Passed, Total int
		NotJudged     int `json:"not_judged"`
		Results       []struct {
			Passed    bool
			NotJudged bool `json:"not_judged"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(stdout), &report), stdout)
	assert.Positive(t, report.Total)
	assert.Equal(t, report.Total, report.NotJudged)
	assert.Len(t, report.Results, report.Total)
	for _, r := range report.Results {
		assert.True(t, r.NotJudged && !r.Passed)
	}

	ln, err := net.Listen("tcp", "127.0.0.1:0") // the command does not listen there
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	code, stdout, stderr = ioflavors(t, "check", ln.Addr().String(), "--", "sh", "-c", "kill -INT $PPID; sleep 60")
	assert.Equal(t, 130, code, "while the server starts, too")
	assert.Empty(t, stdout)
	assert.Equal(t, "ioflavors: interrupted before the server was there: nothing was checked\n", stderr)
}
