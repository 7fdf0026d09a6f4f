package poller

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/rawwait"
	"github.com/ioflavors/ioflavors/common/session"
)

// An open poller counts as a waiter that needs a processor, a closed one does not.
func TestAPollerCountsWhileItIsOpen(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	other := rawwait.New()
	defer other.Leave()
	assert.True(t, other.Allowed())
	p, err := New(16)
	require.NoError(t, err)
	assert.False(t, other.Allowed())
	assert.False(t, p.waiter.Allowed())
	require.NoError(t, p.Close())
	require.NoError(t, p.Close())
	assert.True(t, other.Allowed())
}

// TestWaitingHoldsUpNobody runs in a process of its own, in which the runtime
// does not send the signals that would end a wait. Then only the wait's own bound
// lets other goroutines go on.
func TestWaitingHoldsUpNobody(t *testing.T) {
	if os.Getenv("WAITING") != "" {
		waitAndCollect(t)
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestWaitingHoldsUpNobody$", "-test.v")
	cmd.Env = append(os.Environ(), "WAITING=1", "GODEBUG=asyncpreemptoff=1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "collected")
}

// waitAndCollect forces garbage collections, each of which must stop all
// goroutines, while pollers wait on all processors.
func waitAndCollect(t *testing.T) {
	const procs = 2
	runtime.GOMAXPROCS(procs)
	waiting := make(chan struct{}, procs)
	var loops sync.WaitGroup
	var done atomic.Bool
	var pollers []*Poller
	for range procs {
		p, err := New(16)
		require.NoError(t, err)
		pollers = append(pollers, p)
		loops.Go(func() {
			for !done.Load() {
				waiting <- struct{}{}
				_, err := p.Wait(-1)
				assert.NoError(t, err)
			}
		})
	}
	for range 50 {
		for range procs {
			<-waiting
		}
		runtime.GC()
		for _, p := range pollers {
			p.Wake()
		}
	}
	done.Store(true)
	for _, p := range pollers {
		p.Wake()
	}
	loops.Wait()
	for _, p := range pollers {
		assert.NoError(t, p.Close())
	}
	t.Log("collected")
}

// A loop that always finds events leaves the only processor to other goroutines,
// too.
func TestABusyLoopLetsOthersRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	p, err := New(16)
	require.NoError(t, err)
	ready, err := unix.Eventfd(1, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	require.NoError(t, err)
	defer unix.Close(ready)
	require.NoError(t, p.Add(ready, session.Read))

	var done atomic.Bool
	var loop sync.WaitGroup
	loop.Go(func() {
		for !done.Load() {
			events, err := p.Wait(-1)
			assert.NoError(t, err)
			assert.Len(t, events, 1)
		}
	})
	pings, pongs := make(chan int), make(chan int)
	loop.Go(func() {
		for n := range pings {
			pongs <- n
		}
	})
	for n := range 20 {
		pings <- n
		assert.Equal(t, n, <-pongs)
	}
	close(pings)
	done.Store(true)
	loop.Wait()
	require.NoError(t, p.Close())
}
