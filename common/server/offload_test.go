package server

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/session"
)

// shelf are workers whose functions run when the test says so.
type shelf struct{ calls []func() }

func (s *shelf) Go(f func()) { s.calls = append(s.calls, f) }
func (s *shelf) Wait() {
	for len(s.calls) > 0 {
		s.run(0)
	}
}

func (s *shelf) run(i int) {
	f := s.calls[i]
	s.calls = append(s.calls[:i:i], s.calls[i+1:]...)
	f()
}

// slowLines is a protocol of lines. Those that begin with "slow" may block, "panic" panics.
func slowLines() session.Protocol {
	p := session.Split(scanLine, "\n", func(buf, line []byte) ([]byte, error) {
		if bytes.Contains(line, []byte("panic")) {
			panic("a bug")
		}
		return append(buf, bytes.ToUpper(line)...), nil
	})
	p.MayBlock = func(line []byte) bool { return bytes.HasPrefix(line, []byte("slow")) }
	return p
}

func scanLine(data []byte, _ bool) (int, []byte, error) {
	line, _, ok := bytes.Cut(data, []byte("\n"))
	if !ok {
		return 0, nil, nil
	}
	return len(line) + 1, line, nil
}

// offloading runs a test with a core whose handlers run when the test says so, in fake
// time.
func offloading(t *testing.T, cfg Config, test func(t *testing.T, core *Core, calls *shelf)) {
	synctest.Test(t, func(t *testing.T) {
		if cfg.Logger == nil {
			cfg.Logger = slog.New(slog.DiscardHandler)
		}
		cfg.Protocol, cfg.Offload = slowLines(), OffloadPredicate
		calls := new(shelf)
		core := NewCore(cfg, Traits{Offloads: true, Workers: calls}, 1)
		require.NoError(t, core.invalid)
		core.Lane(0).Tick()
		test(t, core, calls)
		core.finishCalls()
		assert.Zero(t, core.Buffers().Lent(), "bytes of buffers are still lent")
		s := core.Lifecycle(nil).Stats()
		assert.Zero(t, s.Away)
		assert.Zero(t, s.Waiting)
	})
}

func stats(core *Core) Stats { return core.Lifecycle(nil).Stats() }

// A connection whose handler has returned is interrupted, so that the model sends its
// replies.
func TestTheLoopTakesBackWhatHasReturned(t *testing.T) {
	offloading(t, Config{}, func(t *testing.T, core *Core, calls *shelf) {
		lane := core.Lane(0)
		woken := 0
		lane.Wake = func() { woken++ }
		a, b := open(core), open(core)
		a.receive("slow a\n")
		b.receive("slow b\n")
		require.Len(t, calls.calls, 2)
		assert.EqualValues(t, 2, stats(core).Away)
		calls.run(1)
		calls.run(0)
		assert.Equal(t, 1, woken, "one wake-up for all that the loop has not taken yet")
		assert.Zero(t, stats(core).Requests)
		assert.NotZero(t, a.timer)
		lane.Tick()
		for c, want := range map[*fakeConn]string{a: "SLOW A\n", b: "SLOW B\n"} {
			assert.Zero(t, c.timer, "it is not interrupted")
			c.HandleInterrupt()
			assert.Equal(t, want, c.flush())
			c.Closed()
		}
		s := stats(core)
		assert.EqualValues(t, 2, s.Requests)
		assert.EqualValues(t, 2, s.Offloaded)
	})
}

// At most OffloadMax handlers run at a time. The others wait, in order, and are not
// read. A connection with several requests queues up anew for each batch.
func TestTheNumberOfHandlersIsBounded(t *testing.T) {
	offloading(t, Config{OffloadMax: 2}, func(t *testing.T, core *Core, calls *shelf) {
		conns := make([]*fakeConn, 5)
		for i := range conns {
			conns[i] = open(core)
			conns[i].receive(fmt.Sprintf("slow %d\n", i))
		}
		require.Len(t, calls.calls, 2)
		assert.EqualValues(t, 3, stats(core).Waiting)
		assert.Equal(t, session.Read, conns[1].Wants())
		assert.Equal(t, session.Reply, conns[2].Wants())
		conns[2].HandleReadFrom(nil, 0, io.ErrUnexpectedEOF) // it breaks
		conns[2].Closed()
		assert.EqualValues(t, 2, stats(core).Waiting)

		conns[0].receive("slow again\n") // behind the others
		for _, want := range []string{"SLOW 0\n", "SLOW 1\n", "SLOW 3\n", "SLOW 4\n", "SLOW AGAIN\n"} {
			require.LessOrEqual(t, len(calls.calls), 2)
			calls.run(0)
			core.Lane(0).Tick()
			var got []string
			for _, c := range conns {
				if len(c.Output()) > 0 {
					got = append(got, c.flush())
				}
			}
			assert.Equal(t, []string{want}, got)
		}
		for i, c := range conns {
			if i != 2 {
				c.Closed()
			}
		}
	})
}

// While a handler runs, however long, its client is not late by any clock but that of
// earlier replies. Afterwards the clocks begin anew.
func TestClocksRestWhileAHandlerRuns(t *testing.T) {
	limits := Limits{IdleTimeout: time.Second, FrameTimeout: time.Second, WriteTimeout: time.Second}
	offloading(t, Config{Limits: limits}, func(t *testing.T, core *Core, calls *shelf) {
		c := open(core)
		c.receive("slow\npart of a li")
		require.Equal(t, time.Hour, c.sleep(core, time.Hour))
		calls.run(0)
		core.Lane(0).Tick()
		c.HandleInterrupt()
		assert.Equal(t, "SLOW\n", c.flush())
		assert.Equal(t, time.Second, c.sleep(core, time.Hour), "the rest of the line is late")
		c.Closed()
		assert.EqualValues(t, 1, stats(core).Closed[ClosedSlowFrame.String()])

		core.Lane(0).Tick()
		c = open(core)
		c.receive("slow\n")
		require.Equal(t, time.Hour, c.sleep(core, time.Hour))
		calls.run(0)
		core.Lane(0).Tick()
		c.HandleInterrupt()
		c.flush()
		assert.Equal(t, time.Second, c.sleep(core, time.Hour), "it is silent")
		c.Closed()
		assert.EqualValues(t, 1, stats(core).Closed[ClosedIdle.String()])

		core.Lane(0).Tick()
		c = open(core)
		c.receive("quick\n")
		c.HandleWrite(0, nil)
		c.receive("slow\n")
		assert.Equal(t, time.Second, c.sleep(core, time.Hour), "it takes nothing")
		c.Closed()
		assert.EqualValues(t, 1, stats(core).Closed[ClosedSlowReader.String()])
	})
}

// A draining server answers the requests whose handlers run, however long they take, and
// then looks for more as it does otherwise.
func TestADrainWaitsForHandlers(t *testing.T) {
	offloading(t, Config{}, func(t *testing.T, core *Core, calls *shelf) {
		c := open(core)
		c.receive("slow\n")
		core.enter(Draining)
		core.Lane(0).Tick()
		c.HandlePhase()
		require.Equal(t, time.Minute, c.sleep(core, time.Minute))
		calls.run(0)
		core.Lane(0).Tick()
		c.HandleInterrupt()
		assert.Equal(t, "SLOW\n", c.flush())
		c.receive("late\n")
		assert.Equal(t, "LATE\n", c.flush())
		c.sleep(core, time.Minute)
		assert.Zero(t, c.Wants())
		assert.True(t, c.fin)
		c.Closed()
		assert.EqualValues(t, 1, stats(core).Closed[ClosedShutdown.String()])
	})
}

// Closing does not wait for handlers: the connections close at once, and what the
// handlers come to is dropped. A panic among it is logged.
func TestConnectionsCloseWithoutTheirHandlers(t *testing.T) {
	var log bytes.Buffer
	offloading(t, Config{OffloadMax: 2, Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(t *testing.T, core *Core, calls *shelf) {
		var conns []*fakeConn
		for _, request := range []string{"slow\n", "slow panic\n", "slow and waiting\n"} {
			c := open(core)
			c.receive(request)
			conns = append(conns, c)
		}
		core.enter(Closing)
		core.Lane(0).Tick()
		for _, c := range conns {
			c.HandlePhase()
			assert.Zero(t, c.Wants())
			c.Closed()
		}
		s := stats(core)
		assert.EqualValues(t, 3, s.Closed[ClosedKilled.String()])
		assert.EqualValues(t, 2, s.Away)
		assert.Zero(t, s.Waiting)
		core.finishCalls()
		assert.Zero(t, stats(core).Requests)
		core.own.Flush(time.Minute)
		assert.Contains(t, log.String(), "a bug")
	})
}

func TestAPanicInAHandlerEndsItsConnection(t *testing.T) {
	offloading(t, Config{}, func(t *testing.T, core *Core, calls *shelf) {
		c, other := open(core), open(core)
		c.receive("slow panic\n")
		other.receive("slow\n")
		calls.Wait()
		core.Lane(0).Tick()
		assert.Zero(t, c.Wants())
		assert.Equal(t, "SLOW\n", other.flush())
		c.Closed()
		other.Closed()
		assert.EqualValues(t, 1, stats(core).Closed[ClosedPanic.String()])
	})
}

// A connection that waits for its turn is closed for its memory like any other. The
// buffers that a handler has come back only with it, so its connection counts without
// them.
func TestMemoryOfThoseThatWait(t *testing.T) {
	cfg := Config{OffloadMax: 1, Limits: Limits{MemoryLimit: 1 << 20, MaxConns: 100, MaxFrame: 1 << 20}}
	offloading(t, cfg, func(t *testing.T, core *Core, calls *shelf) {
		large := func(c *fakeConn) {
			c.receive("slow " + strings.Repeat("x", 300<<10) + "\n")
		}
		running, waiting, third := open(core), open(core), open(core)
		large(running)
		large(waiting)
		assert.Zero(t, running.held.Load())
		assert.Positive(t, waiting.held.Load())
		large(third)
		assert.Zero(t, waiting.Wants(), "it makes no progress, and holds much")
		assert.NotZero(t, running.Wants())
		for _, c := range []*fakeConn{running, waiting, third} {
			c.Closed()
		}
		assert.Zero(t, stats(core).Waiting)
	})
}

func TestOffloadIsChecked(t *testing.T) {
	for _, c := range []struct {
		cfg      Config
		lanes    int
		offloads bool
		want     string // error
	}{
		{Config{}, 1, true, ""},
		{Config{Offload: OffloadNever, OffloadMax: -1}, 1, true, ""},
		{Config{Offload: OffloadPredicate}, 64, true, ""},
		{Config{Offload: OffloadPredicate}, 65, true, "offload-max: 0; want 65 to 4096: at least one for each loop"},
		{Config{Offload: OffloadPredicate, OffloadMax: 3}, 4, true, "offload-max: 3; want 4 to 4096: at least one for each loop"},
		{Config{Offload: OffloadPredicate, OffloadMax: 3}, 4, false, ""},
		{Config{Offload: OffloadPredicate, OffloadMax: -1}, 1, true, "offload-max: -1; want 1 to 4096: at least one for each loop"},
		{Config{Offload: OffloadPredicate, OffloadMax: 4096}, 1, true, ""},
		{Config{Offload: OffloadPredicate, OffloadMax: 4097}, 1, true, "offload-max: 4097; want 1 to 4096: at least one for each loop"},
		{Config{Offload: "always"}, 1, true, `offload: "always"; want never or predicate`},
	} {
		c.cfg.Protocol = slowLines()
		core := NewCore(c.cfg, Traits{Offloads: c.offloads}, c.lanes)
		if err := core.Lifecycle(nil).Validate(); c.want == "" {
			assert.NoError(t, err, "%+v", c)
		} else {
			assert.EqualError(t, err, c.want)
		}
	}
}

// All loops together have OffloadMax handlers.
func TestLoopsShareTheHandlers(t *testing.T) {
	for _, c := range []struct{ most, lanes int }{{7, 3}, {3, 3}, {64, 1}, {4096, 7}} {
		core := NewCore(Config{Protocol: slowLines(), Offload: OffloadPredicate, OffloadMax: c.most}, Traits{Offloads: true}, c.lanes)
		sum, least := 0, c.most
		for _, l := range core.lanes {
			sum, least = sum+l.offload.most, min(least, l.offload.most)
		}
		assert.Equal(t, c.most, sum)
		assert.Equal(t, c.most/c.lanes, least)
	}
}

func TestOffloadFlags(t *testing.T) {
	parse := func(args ...string) (Config, error) {
		fs := flag.NewFlagSet("test", flag.ContinueOnError)
		fs.SetOutput(io.Discard)
		set := OffloadFlags(fs)
		err := fs.Parse(args)
		cfg := Config{OffloadMax: 5}
		set(&cfg)
		return cfg, err
	}
	cfg, err := parse("--offload", "predicate", "--offload-max", "9")
	require.NoError(t, err)
	assert.Equal(t, Config{Offload: OffloadPredicate, OffloadMax: 9}, cfg)
	cfg, err = parse()
	require.NoError(t, err)
	assert.Equal(t, Config{OffloadMax: 5}, cfg)
	for _, args := range [][]string{{"--offload", "watch"}, {"--offload", ""}, {"--offload-max", "0"}, {"--offload-max", "-1"}, {"--offload-max", "4097"}, {"--offload-max", "x"}} {
		_, err := parse(args...)
		assert.ErrorContains(t, err, "want ", args)
	}
}

// On goroutines, with the race detector: handlers of many connections return at any
// time, and Wait waits for them.
func TestHandlersOnGoroutines(t *testing.T) {
	core := NewCore(Config{Protocol: slowLines(), Offload: OffloadPredicate, OffloadMax: 4, Logger: slog.New(slog.DiscardHandler)}, Traits{Offloads: true}, 1)
	lane := core.Lane(0)
	wake := make(chan struct{}, 1)
	lane.Wake = func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	}
	lane.Tick()
	var conns []*fakeConn
	for range 20 {
		conns = append(conns, open(core))
	}
	left := make(map[*fakeConn]int)
	for _, c := range conns {
		c.receive("slow\n")
		left[c] = 50
	}
	for len(left) > 0 {
		<-wake
		lane.Tick()
		for c := range left {
			if len(c.Output()) == 0 {
				continue
			}
			require.Equal(t, "SLOW\n", c.flush())
			if left[c]--; left[c] > 0 {
				c.receive("slow\n")
			} else {
				delete(left, c)
			}
		}
	}
	for _, c := range conns {
		c.receive("slow\n")
		c.Closed()
	}
	core.finishCalls()
	assert.Zero(t, core.Buffers().Lent())
	assert.EqualValues(t, 20*50, stats(core).Requests)
	var _ Workers = new(sync.WaitGroup)
}
