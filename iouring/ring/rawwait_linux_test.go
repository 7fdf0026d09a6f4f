package ring

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

	"github.com/ioflavors/ioflavors/common/rawwait"
)

// An open ring counts as a waiter that needs a processor, a closed one does not.
func TestARingCountsWhileItIsOpen(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	other := rawwait.New()
	defer other.Leave()
	assert.True(t, other.Allowed())
	r := openFor(t, small)
	assert.False(t, other.Allowed())
	assert.False(t, r.waiter.Allowed())
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	assert.True(t, other.Allowed())
}

// TestWaitingHoldsUpNobody runs in a process of its own, in which the runtime
// does not send the signals that would end a wait. Then only the wait's own bound
// lets other goroutines go on.
func TestWaitingHoldsUpNobody(t *testing.T) {
	need(t)
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
// goroutines, while rings wait on all processors.
func waitAndCollect(t *testing.T) {
	const procs = 2
	runtime.GOMAXPROCS(procs)
	waiting := make(chan struct{}, procs)
	opened := make(chan *Ring, procs)
	var loops sync.WaitGroup
	var done atomic.Bool
	for range procs {
		loops.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			r, err := Open(small)
			opened <- r
			if !assert.NoError(t, err) {
				return
			}
			for !done.Load() {
				waiting <- struct{}{}
				_, err := r.Wait(-1)
				assert.NoError(t, err)
			}
			assert.NoError(t, r.Close())
		})
	}
	rings := []*Ring{<-opened, <-opened}
	for range 50 {
		for range procs {
			<-waiting
		}
		runtime.GC()
		for _, r := range rings {
			r.Wake()
		}
	}
	done.Store(true)
	for _, r := range rings {
		r.Wake()
	}
	for {
		select {
		case <-waiting:
			continue
		default:
		}
		break
	}
	loops.Wait()
	t.Log("collected")
}

// A loop that always finds completions leaves the only processor to other
// goroutines, too.
func TestABusyLoopLetsOthersRun(t *testing.T) {
	need(t)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	ours, _ := pair(t)
	var done atomic.Bool
	var loop sync.WaitGroup
	loop.Go(func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		r, err := Open(small)
		if !assert.NoError(t, err) {
			return
		}
		for !done.Load() {
			r.Writable(ours, NewToken(0, 0, Writable))
			_, err := r.Wait(-1)
			assert.NoError(t, err)
		}
		assert.NoError(t, r.Close())
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
}
