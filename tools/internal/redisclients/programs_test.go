package redisclients_test

import (
	"context"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/tools/internal/models"
)

// patience ends a program that hangs.
const patience = 2 * time.Minute

// program returns a command of a program that may not be installed.
func program(t *testing.T, name string) func(addr string, args ...string) *exec.Cmd {
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed: no model is tried with it", name)
	}
	return func(addr string, args ...string) *exec.Cmd {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		t.Cleanup(cancel)
		host, port, err := net.SplitHostPort(addr)
		require.NoError(t, err)
		return exec.CommandContext(ctx, path, append([]string{"-h", host, "-p", port}, args...)...)
	}
}

// A session of redis-cli: commands on its standard input, replies on its output.
func TestRedisCLI(t *testing.T) {
	cli := program(t, "redis-cli")
	const session = `AUTH secret
PING
SET greeting "hello \x00 world"
STRLEN greeting
GET greeting
MSET a 1 b 2
INCRBY a 41
MGET a b none
SCAN 0 MATCH greet* COUNT 10
LPUSH list x
SET greeting bye EX 10
COMMAND COUNT
FLUSHALL
DBSIZE
`
	want := []string{
		`OK`, `PONG`, `OK`, `(integer) 13`, `"hello \x00 world"`, `OK`, `(integer) 42`, `1) "42"`, `2) "2"`, `3) (nil)`,
		`1) "0"`, `2) 1) "greeting"`, `(error) ERR unknown command 'LPUSH', with args beginning with: 'list' 'x' `,
		`(error) ERR EX is not supported, because no key of this server expires`, `(integer) 32`, `OK`, `(integer) 0`,
	}
	everyModel(t, resp.Config{Password: "secret"}, func(t *testing.T, _ models.Variant, addr string) {
		for _, version := range []string{"-2", "-3"} {
			cmd := cli(addr, "--no-raw", version)
			if version == "-3" {
				cmd = cli(addr, "--no-raw", version, "--pass", "secret", "--no-auth-warning")
			}
			cmd.Stdin = strings.NewReader(session)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, "%s", out)
			var got []string
			for line := range strings.Lines(string(out)) {
				if line = strings.TrimSuffix(line, "\n"); line != "" {
					got = append(got, line)
				}
			}
			assert.Equal(t, want, got, version)
		}
	})
}

// redis-benchmark ends without an error, with and without pipelines.
func TestRedisBenchmark(t *testing.T) {
	benchmark := program(t, "redis-benchmark")
	everyModel(t, resp.Config{}, func(t *testing.T, v models.Variant, addr string) {
		clients := "20"
		if v.OneAtATime() {
			clients = "1"
		}
		for _, depth := range []string{"1", "16"} {
			out, err := benchmark(addr, "-t", "ping,set,get,incr,mset", "-n", "2000", "-c", clients, "-P", depth, "-r", "100", "--csv").CombinedOutput()
			require.NoError(t, err, "%s", out)
			for _, test := range []string{"PING_INLINE", "PING_MBULK", "SET", "GET", "INCR", "MSET (10 keys)"} {
				assert.Contains(t, string(out), `"`+test+`",`)
			}
			assert.NotContains(t, strings.ToLower(string(out)), "error")
		}
	})
}
