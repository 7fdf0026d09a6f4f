//go:build unix

package generator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// generateProcess runs a load until its standard input ends. It announces the start
// of the measurement, and prints the result.
func generateProcess(config string) {
	var cfg generator.Config
	err := json.Unmarshal([]byte(config), &cfg)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer cancel()
		_, _ = io.Copy(io.Discard, os.Stdin)
	}()
	cfg.Begin = func() { fmt.Println("measuring") }
	r, runErr := generator.Run(ctx, cfg)
	if err := errors.Join(err, runErr); err != nil && !errors.Is(err, context.Canceled) {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(r); err != nil {
		panic(err)
	}
}

// A generator that was stopped says so, and does not blame the server.
func TestAStoppedGeneratorVoidsItsRun(t *testing.T) {
	for name, change := range map[string]func(*generator.Config){
		"closed":      func(*generator.Config) {},
		"open, sleep": func(c *generator.Config) { c.Rate = 1000 },
		"open, spin":  func(c *generator.Config) { c.Rate, c.Spin = 1000, true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const stop = 300 * time.Millisecond
			s := new(server).start(t)
			cfg := generator.Config{Addr: s.addr, Workload: workload(20, 1), Warmup: time.Millisecond, Duration: time.Hour, Seed: 1}
			change(&cfg)
			require.NoError(t, generator.Preload(t.Context(), cfg))
			r := stopGenerator(t, s, cfg, stop)
			require.NoError(t, r.Errors.Err())
			assert.Greater(t, r.Generator.Paused, stop/2, "a busy machine takes its time to stop a process")
			require.NotEmpty(t, r.Void)
			assert.Contains(t, r.Void[0], "the generator itself did not run for")
		})
	}
}

// stopGenerator runs a generator in a process of its own, stops it for some time
// during its window, and returns its result.
func stopGenerator(t *testing.T, s *server, cfg generator.Config, stop time.Duration) (r load.Result) {
	text, err := json.Marshal(struct {
		generator.Config
		Begin, End any `json:",omitempty"` // functions cannot be encoded
	}{Config: cfg})
	require.NoError(t, err)
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(program, "test-generator", string(text))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	pipe, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	out := bufio.NewReader(pipe)
	line, err := out.ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "measuring", strings.TrimSpace(line))

	goOn := func() {
		for before := s.answered.Load(); s.answered.Load() < before+100; {
			runtime.Gosched()
		}
	}
	goOn()
	require.NoError(t, cmd.Process.Signal(syscall.SIGSTOP))
	time.Sleep(stop) // the test's target, not a synchronisation
	require.NoError(t, cmd.Process.Signal(syscall.SIGCONT))
	goOn()
	require.NoError(t, in.Close())
	require.NoError(t, json.NewDecoder(out).Decode(&r))
	return r
}
