package server

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/asynclog"
	"github.com/ioflavors/ioflavors/common/frame"
)

// runs is a model that only logs, and ends when Wake is called.
type runs struct {
	core  *Core
	woken chan struct{}
}

func (m runs) Run(net.Listener) error {
	m.core.log.Warn("something")
	<-m.woken
	return ErrServerClosed
}

func (m runs) Wake() { close(m.woken) }

// noListener is a listener whose Accept is never called.
type noListener struct{ net.Listener }

func (noListener) Close() error { return nil }

// stuckLog is a log handler that blocks until its log is read.
type stuckLog struct {
	slog.Handler
	over chan struct{}
}

func (s stuckLog) Handle(ctx context.Context, r slog.Record) error {
	<-s.over
	return s.Handler.Handle(ctx, r)
}

// When Serve has returned, no goroutine of the server may run, the log's
// included. A stuck log may delay Serve only for a moment.
func TestServeWaitsForItsLogButNotForLong(t *testing.T) {
	for _, unread := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var out strings.Builder
			log := stuckLog{slog.NewTextHandler(&out, nil), make(chan struct{})}
			if !unread {
				close(log.over)
			}
			core := NewCore(Config{Logger: slog.New(log)}, Traits{}, 1)
			l := core.Lifecycle(runs{core, make(chan struct{})})
			ended := make(chan error, 1)
			go func() { ended <- l.Serve(noListener{}) }()
			synctest.Wait()
			began := time.Now()
			require.NoError(t, l.Shutdown(t.Context()))
			require.ErrorIs(t, <-ended, ErrServerClosed)
			if unread {
				assert.Equal(t, flushTimeout, time.Since(began))
				close(log.over)
				return
			}
			assert.Zero(t, time.Since(began))
			assert.Contains(t, out.String(), "something")
		})
	}
}

// A caller that gives a server a log that does not block flushes it itself.
func TestALogThatDoesNotBlockIsTakenAsItIs(t *testing.T) {
	log := slog.New(asynclog.New(slog.DiscardHandler))
	core := NewCore(Config{Logger: log.With("k", "v")}, Traits{}, 1)
	assert.Nil(t, core.own)
	core = NewCore(Config{Logger: log}, Traits{}, 1)
	assert.Same(t, log, core.log)
}

func TestAnInvalidServerStartsNothing(t *testing.T) {
	invalid := errors.New("no server has so many of these")
	ready := func() { assert.Fail(t, "it is not ready") }
	core := NewCore(Config{Ready: ready}, Traits{Invalid: invalid}, 1)
	l := core.Lifecycle(runs{}) // running it would panic
	assert.Equal(t, invalid, l.Validate())
	assert.Equal(t, invalid, l.ListenAndServe("127.0.0.1:0"))
	ln, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	assert.Equal(t, invalid, l.Serve(ln))
	_, err = ln.Accept()
	assert.ErrorIs(t, err, net.ErrClosed, "Serve closes the listener in any case")
	assert.NoError(t, l.Close())
}

// Connections do not get the descriptors that the model itself uses.
func TestTheModelsOwnDescriptorsAreReserved(t *testing.T) {
	for _, c := range []struct {
		own, limit, most int
		valid            bool
	}{
		{0, 64, 32, true},
		{16, 64, 32, true},
		{17, 64, 31, true},
		{47, 64, 1, true},
		{48, 64, 1, false},
		{0, 8, 1, true}, // the reserve is an estimate
		{16, 8, 1, true},
		{0, math.MaxInt32, DefaultMaxConns, true},
	} {
		core := &Core{Limits: Limits{}.withDefaults(false)}
		core.reserve(c.own, c.limit)
		assert.Equal(t, c.most, core.Limits.MaxConns, "%+v", c)
		assert.Equal(t, c.valid, core.invalid == nil, "%+v: %v", c, core.invalid)
	}
}

// A clock is the sum of a time and a limit. The sum must not overflow, or all
// clients would be late.
func TestNoLimitIsTooLargeToCountWith(t *testing.T) {
	const most = math.MaxInt64
	l := Limits{IdleTimeout: most, FrameTimeout: most, WriteTimeout: most, TurnLimit: most, DrainTimeout: most}.withDefaults(false)
	for _, d := range []time.Duration{l.IdleTimeout, l.FrameTimeout, l.WriteTimeout, l.TurnLimit, l.DrainTimeout} {
		assert.Equal(t, never, d)
		assert.Positive(t, d+d)
	}
	for _, unlimited := range []int{math.MaxInt, math.MaxInt32, -1} {
		l = Limits{MaxFrame: unlimited, MaxConns: unlimited, OutputLimit: unlimited}.withDefaults(false)
		assert.Positive(t, frame.Header+l.MaxFrame)
		for _, n := range []int{l.MaxFrame, l.MaxConns, l.OutputLimit} {
			assert.LessOrEqual(t, n, math.MaxInt32)
			assert.GreaterOrEqual(t, n, 1<<29-1)
			assert.Positive(t, 4*n, "a buffer that is made twice as long, twice")
			assert.Positive(t, n+l.OutputLimit, "the bytes that are sent, and those that may wait")
		}
	}
}
