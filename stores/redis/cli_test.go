package redis_test

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/stores/internal/realserver"
)

// cli runs redis-cli, and returns what it prints.
func cli(t *testing.T, server *realserver.Server, args ...string) string {
	t.Helper()
	out, err := exec.Command("redis-cli", append([]string{"-p", realserver.Port(t, server.Addr)}, args...)...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}
