package poller

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/common/rawwait"
	"github.com/ioflavors/ioflavors/common/rawwait/waittest"
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

// waiter opens a poller for the tests of package waittest.
func waiter() (waittest.Waiter, *Poller, error) {
	p, err := New(16)
	if err != nil {
		return waittest.Waiter{}, nil, err
	}
	wait := func(timeout time.Duration) error {
		_, err := p.Wait(timeout)
		return err
	}
	return waittest.Waiter{Wait: wait, Wake: p.Wake, Close: p.Close}, p, nil
}

func TestWaitingHoldsUpNobody(t *testing.T) {
	waittest.GarbageCollection(t, func() (waittest.Waiter, error) {
		w, _, err := waiter()
		return w, err
	})
}

func TestABusyLoopLetsOthersRun(t *testing.T) {
	ready, err := unix.Eventfd(1, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	require.NoError(t, err)
	defer unix.Close(ready)
	waittest.BusyLoop(t, func() (waittest.Waiter, error) {
		w, p, err := waiter()
		if err == nil {
			err = p.Add(ready, session.Read)
		}
		return w, err
	})
}
