package peers_test

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/conformance"
	"github.com/ioflavors/ioflavors/tools/peers"
)

// TestConformance checks every peer against the protocol's rules, except those
// that its library makes impossible (peers.json).
func TestConformance(t *testing.T) {
	dir := t.TempDir()
	said, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "poll_opt", "-o", dir, "./cmd/...").CombinedOutput()
	require.NoError(t, err, "%s", said)
	for _, p := range peers.All() {
		variants := [][]string{nil}
		if p.Loops {
			variants = append(variants, []string{"--loops", "2"})
		}
		for _, flags := range variants {
			t.Run(fmt.Sprint(p.Name, flags), func(t *testing.T) {
				t.Parallel()
				addr := start(t, filepath.Join(dir, p.Name), flags)
				report := conformance.Check(t.Context(), addr, conformance.Options{Only: rules(t, p)})
				assert.Positive(t, report.Total())
				for _, f := range report.Failed() {
					t.Errorf("%s: %s: %s", f.ID, f.Title, f.Reason)
				}
				for _, r := range report.NotJudged() {
					t.Errorf("%s: not judged, run the test again on a quieter machine: %s", r.ID, r.Reason)
				}
			})
		}
	}
}

// rules are the rules that a peer must follow. The check itself leaves out all
// rules about a limit, because no limit is known.
func rules(t *testing.T, p peers.Peer) []string {
	t.Helper()
	var all []string
	for _, r := range conformance.Rules() {
		all = append(all, r.ID)
	}
	for id, why := range p.Exceptions {
		assert.Contains(t, all, id, "there is no such rule")
		t.Logf("not checked: %s: %s", id, why)
	}
	return slices.DeleteFunc(all, func(id string) bool { return p.Exceptions[id] != "" })
}

// host returns a loopback address. On Linux it is one that hardly anything else uses:
// between the test's choice of a port and the server's start, another program could take
// the port of 127.0.0.1.
func host() string {
	if runtime.GOOS != "linux" {
		return "127.0.0.1"
	}
	return fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))
}

// start runs a command until the test ends, and returns its address.
func start(t *testing.T, program string, flags []string) string {
	t.Helper()
	ln, err := net.Listen("tcp", net.JoinHostPort(host(), "0"))
	require.NoError(t, err)
	addr := ln.Addr().String()
	require.NoError(t, ln.Close())
	cmd := exec.Command(program, append(flags, "--addr", addr)...)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
	})
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return addr
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("it ended: %v", err)
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-retry.C:
		}
	}
}
