//go:build unix

package multiblocking

import (
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/threads"
)

// A client waits only until a worker takes it. (If the pool did not note that, each
// client would be closed at its TurnLimit, although no other waits.)
func TestAPoolKnowsWhetherAClientWaits(t *testing.T) {
	p := &pool{clients: make(chan net.Conn), left: 1}
	started := 0
	p.work = func(net.Conn) { started++ }
	p.hand(nil)
	assert.Equal(t, 1, started)
	assert.False(t, p.waiting.Load(), "it has a worker of its own")

	handed := make(chan struct{})
	go func() {
		defer close(handed)
		p.hand(nil)
	}()
	require.Eventually(t, p.waiting.Load, time.Minute, time.Millisecond)
	<-p.clients // a worker is free
	<-handed
	assert.False(t, p.waiting.Load(), "no client waits")
	assert.Equal(t, 1, started, "there are no more workers than there may be")
}

// newTestStream returns a stream, and a function that returns the timeouts set on the
// stream's socket so far.
func newTestStream(t *testing.T) (s *threadStream, timeouts func() []time.Duration) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	client, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	server, err := ln.Accept()
	require.NoError(t, err)
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	stream, err := newThreadStream(server)
	require.NoError(t, err)
	t.Cleanup(func() { stream.Close() })
	s = stream.(*threadStream)
	var set []time.Duration
	s.setTimeouts = func(fd int, timeout time.Duration) error {
		set = append(set, timeout)
		return sock.SetTimeouts(fd, timeout)
	}
	return s, func() []time.Duration { return set }
}

// A thread may be interrupted just before it sets its timeout. Then it must set the brief
// timeout again; otherwise it would wait until the deadline.
func TestATimeoutThatIsSetTooLateDoesNotUndoAnInterruption(t *testing.T) {
	s, timeouts := newTestStream(t)
	noted := s.setTimeouts
	s.setTimeouts = func(fd int, timeout time.Duration) error {
		s.setTimeouts = func(fd int, timeout time.Duration) error {
			assert.True(t, s.interrupted.Load(), "the thread may look just before the timeout is set")
			return noted(fd, timeout)
		}
		s.Interrupt()
		return noted(fd, timeout)
	}
	require.NoError(t, s.SetDeadline(time.Now().Add(time.Hour)))
	require.NoError(t, s.arm())
	set := timeouts()
	require.Len(t, set, 3)
	assert.Equal(t, brief, set[0])
	assert.Greater(t, set[1], 50*time.Minute)
	assert.Equal(t, brief, set[2], "the last one counts")

	require.NoError(t, s.SetDeadline(time.Now().Add(time.Minute)))
	require.NoError(t, s.arm())
	assert.Len(t, timeouts(), 3, "the thread looks often from now on")
}

// A timeout serves for many reads, as long as it outlasts the deadline by no more than
// slack.
func TestATimeoutIsSetOnlyIfTheOldOneIsTooLong(t *testing.T) {
	s, timeouts := newTestStream(t)
	synctest.Test(t, func(t *testing.T) { // no time passes in it
		for _, step := range []struct {
			in  time.Duration
			set int
		}{{time.Hour, 1}, {2 * time.Hour, 1}, {time.Hour - slack, 1}, {time.Hour - slack - 1, 2}, {time.Hour, 2}} {
			require.NoError(t, s.SetDeadline(time.Now().Add(step.in)))
			require.NoError(t, s.arm())
			assert.Len(t, timeouts(), step.set, "%v", step.in)
		}
		require.NoError(t, s.SetDeadline(time.Now()))
		assert.ErrorIs(t, s.arm(), os.ErrDeadlineExceeded)
		assert.Len(t, timeouts(), 2)
	})
}

// A worker takes a thread, which ends with the worker.
func TestAWorkerHasAThreadOfItsOwn(t *testing.T) {
	m := &model{core: server.NewCore(server.Config{Logger: slog.New(slog.DiscardHandler)}, server.Traits{}, 1)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if assert.True(t, m.takeThread()) {
			threads.Process.Ended()
		}
	}()
	<-done
}

// The log has a line about a client whose socket cannot be made blocking.
func TestAClientThatIsServedOtherwiseHasALine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		core := server.NewCore(server.Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}, server.Traits{}, 1)
		client, other := net.Pipe() // no socket
		defer other.Close()
		defer client.Close()
		assert.Same(t, client, (&model{core: core}).onThread(client))
		synctest.Wait()
		assert.Contains(t, log.String(), "client is served without blocking its thread")
	})
}
