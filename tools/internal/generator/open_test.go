//go:build unix

package generator_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
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

// The test binary is also a server and a generator, as processes that can be
// stopped.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "test-server":
		serveProcess()
	case len(os.Args) == 3 && os.Args[1] == "test-generator":
		generateProcess(os.Args[2])
	default:
		os.Exit(m.Run())
	}
}

func openConfig(s *server, rate float64) generator.Config {
	cfg := config(s)
	cfg.Rate = rate
	return cfg
}

func TestOpenLoop(t *testing.T) {
	for _, arrivals := range []load.Arrivals{load.Poisson, load.Constant} {
		for _, spin := range []bool{false, true} {
			t.Run(fmt.Sprint(arrivals, ",spin=", spin), func(t *testing.T) {
				s := new(server).start(t)
				cfg := openConfig(s, 2000)
				cfg.Arrivals, cfg.Spin, cfg.Live = arrivals, spin, new(generator.Live)
				require.NoError(t, generator.Preload(t.Context(), cfg))
				r, err := generator.Run(t.Context(), cfg)
				require.NoError(t, err)
				require.NoError(t, r.Errors.Err())
				if arrivals == load.Constant {
					assert.InDelta(t, 400, r.Offered, 1, "2000/s for 200 ms")
				} else {
					assert.InDelta(t, 400, r.Offered, 100, "five standard deviations")
				}
				assert.Zero(t, r.Unsent)
				assert.Equal(t, r.Offered, r.Response.Count, "each that was due has a time")
				assert.Equal(t, r.Offered, r.Service.Count)
				assert.Equal(t, r.Offered, r.SendLag.Count)
				assert.GreaterOrEqual(t, r.Response.Mean, r.Service.Mean)
				assert.Positive(t, r.InFlight)
				assert.Len(t, r.Series, 2)
				assert.Equal(t, r.Requests, r.Series[0].Requests+r.Series[1].Requests)
				assert.Equal(t, 4, r.Served)
			})
		}
	}
}

func TestOpenLoopEndsAfterRequests(t *testing.T) {
	s := new(server).start(t)
	cfg := openConfig(s, 5000)
	cfg.Duration, cfg.Requests = time.Minute, 100
	require.NoError(t, generator.Preload(t.Context(), cfg))
	r, err := generator.Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, r.Requests, int64(100))
	assert.Less(t, r.Seconds, 60.)
}

// An interrupted run still returns the figures measured so far.
func TestRunInterrupted(t *testing.T) {
	s := new(server).start(t)
	for _, rate := range []float64{0, 5000} {
		cfg := openConfig(s, rate)
		cfg.Warmup, cfg.Duration = 0, time.Hour
		require.NoError(t, generator.Preload(t.Context(), cfg))
		ctx, cancel := context.WithCancel(t.Context())
		before := s.answered.Load()
		go func() {
			defer cancel()
			for s.answered.Load() < before+200 {
				runtime.Gosched()
			}
		}()
		r, err := generator.Run(ctx, cfg)
		require.ErrorIs(t, err, context.Canceled)
		assert.Positive(t, r.Seconds)
		assert.Positive(t, r.Requests)
		assert.LessOrEqual(t, r.Response.Count, r.Offered)
		assert.NoError(t, r.Errors.Err())
	}
}

// A wrong reply is an error, and never a fast request.
func TestOpenLoopCountsNoWrongAnswer(t *testing.T) {
	s := (&server{behave: func(s *server, c net.Conn) {
		in := bufio.NewReader(c)
		for n := 1; ; n++ {
			body, err := readFrame(in)
			if err != nil {
				return
			}
			reply := s.reply(body)
			if isGet(body) && n%2 == 0 {
				reply[len(reply)-len("@EOF@")-3] ^= 1 // the value's last character
			}
			if _, err := c.Write(reply); err != nil {
				return
			}
		}
	}}).start(t)
	cfg := openConfig(s, 2000)
	cfg.Arrivals, cfg.Puts, cfg.Warmup = load.Constant, 0, 0
	require.NoError(t, generator.Preload(t.Context(), cfg))
	r, err := generator.Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Positive(t, r.Errors.Wrong)
	assert.Contains(t, r.Errors.First, "want {kind 2")
	assert.Equal(t, r.Offered, r.Response.Count+r.Errors.Wrong, "each is one or the other")
}

// Requests that are never sent, because the server never replies, are
// counted.
func TestOpenLoopCountsWhatIsNeverSent(t *testing.T) {
	s := (&server{behave: func(_ *server, c net.Conn) { _, _ = io.Copy(io.Discard, c) }}).start(t)
	cfg := openConfig(s, 1000)
	cfg.Connections, cfg.Depth, cfg.Warmup = 2, 1, 0
	cfg.Arrivals, cfg.ReplyTimeout = load.Constant, 400*time.Millisecond
	r, err := generator.Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Zero(t, r.Requests)
	assert.Zero(t, r.Response.Count)
	assert.EqualValues(t, 2, r.Errors.TimedOut)
	assert.EqualValues(t, 2, r.Errors.Unanswered)
	assert.Equal(t, r.Offered, r.Unsent+r.Errors.Unanswered)
	assert.False(t, r.Kept())
}

// A run that ends before all due requests are answered counts the rest.
func TestOpenLoopEndsWithABacklog(t *testing.T) {
	s := (&server{behave: func(_ *server, c net.Conn) { _, _ = io.Copy(io.Discard, c) }}).start(t)
	cfg := openConfig(s, 1000)
	cfg.Warmup, cfg.Drain = 0, time.Millisecond
	cfg.Arrivals = load.Constant
	r, err := generator.Run(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, r.Errors.Err(), "nothing has timed out yet")
	assert.InDelta(t, 200, r.Offered, 1)
	assert.Equal(t, r.Offered, r.Unsent)
}

// If a server is stopped for two seconds, the p99 of an open loop is of that
// order. A closed loop, which waits for each reply, does not show the stop.
func TestAStoppedServerShowsInTheOpenLoop(t *testing.T) {
	const stop = 2 * time.Second
	addr, process := startProcess(t)
	cfg := generator.Config{Addr: addr, Workload: workload(2, 1), Duration: 2 * stop, Seed: 1}
	require.NoError(t, generator.Preload(t.Context(), cfg))
	run := func(rate float64) load.Result {
		cfg.Rate = rate
		resumed := make(chan struct{})
		cfg.Begin = func() {
			require.NoError(t, process.Signal(syscall.SIGSTOP))
			go func() {
				defer close(resumed)
				time.Sleep(stop) // the test's target, not a synchronisation
				_ = process.Signal(syscall.SIGCONT)
			}()
		}
		r, err := generator.Run(t.Context(), cfg)
		require.NoError(t, err)
		require.NoError(t, r.Errors.Err())
		<-resumed
		return r
	}
	open, closed := run(500), run(0)
	t.Logf("p50, p99, max: open %v %v %v, closed %v %v %v",
		open.Response.P50, open.Response.P99, open.Response.Max, closed.Response.P50, closed.Response.P99, closed.Response.Max)
	assert.Greater(t, open.Response.Max, stop*9/10)
	assert.Greater(t, open.Response.P99, stop*9/10, "half of the requests were due meanwhile")
	assert.Greater(t, closed.Response.Max, stop*9/10, "two requests waited")
	assert.Less(t, closed.Response.P99, stop/10, "and the others were not made")
}

// startProcess starts the test binary as a server.
func startProcess(t *testing.T) (addr string, p *os.Process) {
	program, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.Command(program, "test-server")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return strings.TrimSpace(line), cmd.Process
}
