package main

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// In every command, a wrong command line gives 2; a correct one that fails gives
// 1. Each prints one line, and nothing on standard output.
func TestExitCodes(t *testing.T) {
	t.Chdir(t.TempDir())
	none, broken := filepath.Join(t.TempDir(), "none.json"), filepath.Join(t.TempDir(), "broken.json")
	require.NoError(t, os.WriteFile(broken, []byte("{"), 0o600))
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer busy.Close()
	taken, free := busy.Addr().String(), nobody(t)
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	below := filepath.Join(file, "below") // no directory can exist there

	for _, test := range []struct {
		code int
		args []string
	}{
		{2, nil},
		{2, []string{"labb"}},
		{2, []string{"--no-such-flag"}},

		{2, []string{"lab", "--colour"}},
		{2, []string{"lab", "--duration", "10s"}},
		{2, []string{"lab", "--duration", "soon"}},
		{2, []string{"lab", "--rounds", "0"}},
		{2, []string{"lab", "--arrivals", "never"}},
		{2, []string{"lab", "--only", "E99"}},
		{2, []string{"lab", "--models", "none"}},
		{2, []string{"lab", "--store", "mysql://h:1"}},
		{2, []string{"lab", "--server", "mine"}},
		{2, []string{"lab", "--server", "eventloop=x {addr}"}},
		{2, []string{"lab", "argument"}},
		{1, []string{"lab", "--peers"}}, // this is not a checkout
		{1, []string{"lab", "--only", "E0", "--out", below}},

		{2, []string{"advise", "--conns", "0"}},
		{2, []string{"advise", "--active", "2000"}},
		{2, []string{"advise", "--handler", "20ms"}},
		{2, []string{"advise", "--models", "none"}},
		{2, []string{"advise", "--store", "mysql://h:1"}},
		{2, []string{"advise", "--duration", "1m"}},
		{1, []string{"advise", "--out", below}},

		{1, []string{"report", none}},
		{1, []string{"report", broken}},
		{2, []string{"report", none, "--colour"}},

		{2, []string{"compare"}},
		{2, []string{"compare", none}},
		{2, []string{"compare", none, none, "--fail-above", "much"}},
		{2, []string{"compare", none, none, "--fail-above", "-1%"}},
		{2, []string{"compare", none, none, "--fail-above", "NaN"}},
		{2, []string{"compare", none, none, "--pair", "base"}},
		{1, []string{"compare", none, none}},
		{1, []string{"compare", broken, broken}},

		{2, []string{"serve", "none"}},
		{2, []string{"serve", "eventloop", "--colour"}},
		{2, []string{"serve", "eventloop", "--addr", "7272"}},
		{2, []string{"serve", "eventloop", "--addr", "nohost"}},
		{2, []string{"serve", "eventloop", "--addr", "127.0.0.1:0", "--metrics-addr", "nohost"}},
		{2, []string{"serve", "eventloop", "--slow-sleep", "-1s"}},
		{2, []string{"serve", "eventloop", "--store", "mysql://h:1"}},
		{1, []string{"serve", "eventloop", "--store", "bolt:" + none + "/data"}},
		{1, []string{"serve", "eventloop", "--addr", taken}},
		{1, []string{"serve", "eventloop", "--addr", "127.0.0.1:0", "--metrics-addr", taken}},

		{2, []string{"load"}},
		{2, []string{"load", "nohost"}},
		{2, []string{"load", "7272"}},
		{2, []string{"load", "127.0.0.1:99999"}},
		{2, []string{"load", free, "--rate", "-1"}},
		{2, []string{"load", free, "--value", "9-1"}},
		{1, []string{"load", free}},
		{1, []string{"load", free, "--hdr", below}},

		{2, []string{"check"}},
		{2, []string{"check", "nohost"}},
		{2, []string{"check", "127.0.0.1:port"}},
		{2, []string{"check", "--only", "none", free}},
		{2, []string{"check", "--", "a-server"}},
		{1, []string{"check", free}},
		{1, []string{"check", "--", "/no/such/server", "{addr}"}},

		{2, []string{"get", "k", "--addr", "nohost"}},
		{2, []string{"put", "k", "v", "--addr", "7272"}},
		{2, []string{"get"}},
		{1, []string{"get", "k", "--addr", free}},
		{1, []string{"put", "k", "v", "--addr", free}},

		{2, []string{"null-server", "--addr", "nohost"}},
		{1, []string{"null-server", "--addr", taken}},
	} {
		code, stdout, stderr := ioflavors(t, test.args...)
		assert.Equal(t, test.code, code, "%v: %s", test.args, stderr)
		assert.Empty(t, stdout, "%v", test.args)
		assert.Equal(t, 1, strings.Count(stderr, "\n"), "%v is one line: %s", test.args, stderr)
	}
}
