package netfault

import (
	"flag"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// outsideVariable is set by scripts/netns.sh to the network in which the
// script was started, as /proc/self/ns/net names it.
const outsideVariable = "NETFAULT_OUTSIDE"

// programVariable is set by scripts/netns.sh to the ioflavors command, which is built
// outside the namespace.
const programVariable = "NETFAULT_PROGRAM"

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(outsideVariable) != "" {
		// All variants are tested at the same time, because the network makes them
		// all wait. The variants that never sleep share the processors with the
		// others, like processes.
		runtime.GOMAXPROCS(max(16, runtime.NumCPU()))
		if err := flag.Set("test.parallel", "100"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// inNamespace skips the test if the test does not have a network of its own.
func inNamespace(t *testing.T) {
	t.Helper()
	outside := os.Getenv(outsideVariable)
	if outside == "" {
		t.Skip("this test breaks the network that it runs in: scripts/netns.sh gives it one of its own")
	}
	here, err := os.Readlink("/proc/self/ns/net")
	require.NoError(t, err)
	require.NotEqual(t, outside, here, "%s is set, and yet this is the network outside", outsideVariable)
}

// command runs a program of the system.
func command(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := run(name, args...)
	require.NoError(t, err, "%s %q: %s", name, args, out)
}

func run(name string, args ...string) (out []byte, err error) {
	return exec.Command(name, args...).CombinedOutput()
}
