package ring

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/rawwait"
	"github.com/ioflavors/ioflavors/common/rawwait/waittest"
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

// waiter opens a ring for the tests of package waittest. before is called before each
// wait.
func waiter(before func(*Ring)) (waittest.Waiter, error) {
	runtime.LockOSThread()
	r, err := Open(small)
	if err != nil {
		return waittest.Waiter{}, err
	}
	wait := func(timeout time.Duration) error {
		before(r)
		_, err := r.Wait(timeout)
		return err
	}
	return waittest.Waiter{Wait: wait, Wake: r.Wake, Close: func() error {
		defer runtime.UnlockOSThread()
		return r.Close()
	}}, nil
}

func TestWaitingHoldsUpNobody(t *testing.T) {
	need(t)
	waittest.GarbageCollection(t, func() (waittest.Waiter, error) { return waiter(func(*Ring) {}) })
}

func TestABusyLoopLetsOthersRun(t *testing.T) {
	need(t)
	ours, _ := pair(t)
	waittest.BusyLoop(t, func() (waittest.Waiter, error) {
		return waiter(func(r *Ring) { r.Writable(ours, NewToken(0, 0, Writable)) })
	})
}
