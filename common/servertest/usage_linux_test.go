package servertest

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The test's own CPU time is not counted as the server's, and that of other threads
// is.
func TestTheCallersCPUTimeIsNotTheOthers(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const much = 100 * time.Millisecond
	others := func() time.Duration {
		used, known := otherThreadsCPU()
		require.True(t, known)
		return used
	}
	burn := func() { // until the process has used much more
		for before, _ := cpu(unix.RUSAGE_SELF); ; {
			if now, _ := cpu(unix.RUSAGE_SELF); now-before >= much {
				return
			}
		}
	}
	before := others()
	burn()
	assert.Less(t, others()-before, much/2)

	before = others()
	done := make(chan struct{})
	go func() {
		defer close(done)
		burn()
	}()
	<-done
	assert.Greater(t, others()-before, much/2)
}
