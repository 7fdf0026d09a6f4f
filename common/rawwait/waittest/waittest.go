// Package waittest tests waits that may keep a processor (package rawwait): they must
// not keep it from other goroutines.
package waittest

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
)

// Waiter is a poller or a ring, for one goroutine.
type Waiter struct {
	Wait  func(timeout time.Duration) error
	Wake  func() // other goroutines call it
	Close func() error
}

const collections = 50

// GarbageCollection forces collections, each of which must stop all goroutines, while
// waiters wait on all processors. It runs the test that calls it in a process of its own,
// in which the runtime does not send the signals that would end a wait. Then only the
// wait's own bound lets other goroutines go on. open makes a waiter, on the goroutine
// that uses it.
func GarbageCollection(t *testing.T, open func() (Waiter, error)) {
	if os.Getenv("WAITING") == "" {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
		cmd.Env = append(os.Environ(), "WAITING=1", "GODEBUG=asyncpreemptoff=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		assert.Contains(t, string(out), "collected")
		return
	}
	const procs = 2
	runtime.GOMAXPROCS(procs)
	opened := make(chan Waiter, procs)
	waiting := make(chan struct{}, (collections+2)*procs)
	var loops sync.WaitGroup
	var done atomic.Bool
	for range procs {
		loops.Go(func() {
			w, err := open()
			opened <- w
			if !assert.NoError(t, err) {
				return
			}
			for !done.Load() {
				waiting <- struct{}{}
				assert.NoError(t, w.Wait(-1))
			}
			assert.NoError(t, w.Close())
		})
	}
	waiters := make([]Waiter, procs)
	for i := range waiters {
		waiters[i] = <-opened
	}
	require.False(t, t.Failed())
	wake := func() {
		for _, w := range waiters {
			w.Wake()
		}
	}
	for range collections {
		for range procs {
			<-waiting
		}
		runtime.GC()
		wake()
	}
	done.Store(true)
	wake()
	loops.Wait()
	t.Log("collected")
}

// BusyLoop runs a loop that always finds something, on the only processor, beside other
// goroutines. open makes the loop's waiter, whose Wait always finds something.
func BusyLoop(t *testing.T, open func() (Waiter, error)) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var done atomic.Bool
	var loop sync.WaitGroup
	loop.Go(func() {
		w, err := open()
		if !assert.NoError(t, err) {
			return
		}
		for !done.Load() {
			assert.NoError(t, w.Wait(-1))
		}
		assert.NoError(t, w.Close())
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
