//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package poller_test

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

const (
	look    time.Duration = 0
	forever time.Duration = -1
)

func newPoller(t *testing.T) *poller.Poller {
	t.Helper()
	p, err := poller.New(16)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, p.Close()) })
	return p
}

// pair returns two connected sockets, which the test closes.
func pair(t *testing.T) (here, there int) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	require.NoError(t, err)
	for _, fd := range fds {
		require.NoError(t, unix.SetNonblock(fd, true))
		t.Cleanup(func() { _ = unix.Close(fd) })
	}
	return fds[0], fds[1]
}

// ready makes one Wait, and returns the readiness that it reports of fd.
func ready(t *testing.T, p *poller.Poller, fd int, timeout time.Duration) (m session.Interest) {
	t.Helper()
	events, err := p.Wait(timeout)
	require.NoError(t, err)
	for _, ev := range events {
		assert.Equal(t, fd, ev.FD)
		m |= ev.Ready
	}
	return m
}

func send(t *testing.T, fd int) {
	t.Helper()
	_, err := unix.Write(fd, []byte("x"))
	require.NoError(t, err)
}

func TestReadinessIsRepeatedUntilItIsUsed(t *testing.T) {
	p := newPoller(t)
	here, there := pair(t)
	require.NoError(t, p.Add(here, session.Read))
	assert.Zero(t, ready(t, p, here, look))
	send(t, there)
	for range 3 {
		assert.Equal(t, session.Read, ready(t, p, here, forever))
	}
	var b [10]byte
	_, err := unix.Read(here, b[:])
	require.NoError(t, err)
	assert.Zero(t, ready(t, p, here, look))
}

func TestModifyChangesWhatIsWatched(t *testing.T) {
	p := newPoller(t)
	here, there := pair(t)
	send(t, there)
	require.NoError(t, p.Add(here, session.Read))
	require.NoError(t, p.Modify(here, session.Write))
	assert.Equal(t, session.Write, ready(t, p, here, forever))
	require.NoError(t, p.Modify(here, session.Read|session.Write))
	assert.Equal(t, session.Read|session.Write, ready(t, p, here, forever))
	require.NoError(t, p.Modify(here, 0))
	assert.Zero(t, ready(t, p, here, look))
	require.NoError(t, p.Modify(here, session.Read))
	assert.Equal(t, session.Read, ready(t, p, here, forever))
}

func TestRemoveAndCloseEndTheWatch(t *testing.T) {
	p := newPoller(t)
	here, there := pair(t)
	require.NoError(t, p.Add(here, session.Read))
	require.NoError(t, p.Remove(here))
	send(t, there)
	assert.Zero(t, ready(t, p, here, look))

	require.NoError(t, p.Add(here, session.Read))
	require.NoError(t, unix.Close(here))
	assert.Zero(t, ready(t, p, here, look))
	require.NoError(t, unix.Dup2(there, here)) // for the cleanup
}

func TestAHangUpIsReadiness(t *testing.T) {
	p := newPoller(t)
	here, there := pair(t)
	require.NoError(t, p.Add(here, session.Read))
	require.NoError(t, unix.Shutdown(there, unix.SHUT_RDWR))
	assert.NotZero(t, ready(t, p, here, forever)&session.Read)
	var b [1]byte
	n, err := unix.Read(here, b[:])
	assert.NoError(t, err)
	assert.Zero(t, n, "the read says that it is the end")
}

// After an error the next read or write must be made, because it returns the error.
// Closing a pipe is a hang-up for its reader, and an error for its writer.
func TestAnErrorIsReadinessForEverything(t *testing.T) {
	for name, end := range map[string]int{"hang-up": 0, "error": 1} {
		t.Run(name, func(t *testing.T) {
			p := newPoller(t)
			var pipe [2]int
			require.NoError(t, unix.Pipe(pipe[:]))
			here, there := pipe[end], pipe[1-end]
			t.Cleanup(func() { unix.Close(here) })
			require.NoError(t, unix.SetNonblock(pipe[1], true))
			for { // fill the pipe, so that it is not writable
				if _, err := unix.Write(pipe[1], make([]byte, 1<<12)); err == unix.EAGAIN {
					break
				}
			}
			for end == 0 { // empty it again, so that it is not readable
				if n, _ := unix.Read(here, make([]byte, 1<<20)); n < 1<<20 {
					break
				}
			}
			interest := []session.Interest{session.Read, session.Write}[end]
			require.NoError(t, p.Add(here, interest))
			require.Zero(t, ready(t, p, here, look))
			require.NoError(t, unix.Close(there))
			if runtime.GOOS != "linux" { // kqueue reports only the watched operation
				assert.Equal(t, interest, ready(t, p, here, forever)&interest)
				return
			}
			assert.Equal(t, session.Read|session.Write, ready(t, p, here, forever))
		})
	}
}

// The wait has two parts: a short one, of which the scheduler is not told, and a
// long one. Wake must end both, whether it comes before or during them.
func TestWakeEndsTheWait(t *testing.T) {
	p := newPoller(t)
	p.Wake()
	assert.Zero(t, ready(t, p, -1, forever), "before")
	assert.Zero(t, ready(t, p, -1, look), "one Wake, one return")

	for _, before := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
		var wg sync.WaitGroup
		timer := time.AfterFunc(before, p.Wake)
		wg.Go(func() { ready(t, p, -1, forever) })
		wg.Wait()
		timer.Stop()
	}
}

func TestATimeoutEndsTheWait(t *testing.T) {
	p := newPoller(t)
	for _, timeout := range []time.Duration{look, time.Nanosecond, 2 * time.Millisecond, 12 * time.Millisecond} {
		start := time.Now()
		for time.Since(start) < timeout { // Wait may return early
			assert.Zero(t, ready(t, p, -1, timeout-time.Since(start)))
		}
	}
}

func TestEventsBeyondTheCapacityComeNextTime(t *testing.T) {
	p := newPoller(t)
	const sockets = 40
	for range sockets {
		here, there := pair(t)
		send(t, there)
		require.NoError(t, p.Add(here, session.Read))
	}
	seen := map[int]bool{}
	var b [10]byte
	for len(seen) < sockets {
		events, err := p.Wait(forever)
		require.NoError(t, err)
		require.NotEmpty(t, events)
		require.LessOrEqual(t, len(events), 17)
		for _, ev := range events {
			seen[ev.FD] = true
			_, err := unix.Read(ev.FD, b[:])
			require.NoError(t, err)
		}
	}
}

// A batch has room for Wake beside the events, whichever comes first.
func TestAWakeTakesNoEventsPlace(t *testing.T) {
	for _, wakeFirst := range []bool{true, false} {
		p, err := poller.New(2)
		require.NoError(t, err)
		if wakeFirst {
			p.Wake()
		}
		for range 2 {
			here, there := pair(t)
			send(t, there)
			require.NoError(t, p.Add(here, session.Read))
		}
		if !wakeFirst {
			p.Wake()
		}
		events, err := p.Wait(forever)
		require.NoError(t, err)
		assert.Len(t, events, 2)
		require.NoError(t, p.Close())
	}
}

func TestCloseIsIdempotentAndWakeMayComeAfterIt(t *testing.T) {
	p := newPoller(t)
	require.NoError(t, p.Close())
	p.Wake()
	require.NoError(t, p.Close())
}

// The wait of which the scheduler is not told must not hold up garbage
// collection, which stops every goroutine for a moment.
func TestTheWaitDoesNotHoldUpGarbageCollection(t *testing.T) {
	p := newPoller(t)
	stop := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _ = p.Wait(forever)
			}
		}
	})
	for range 50 {
		runtime.GC()
		p.Wake() // the next wait begins with its short part again
	}
	close(stop)
	p.Wake()
	waiting.Wait()
}
