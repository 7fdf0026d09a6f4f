package meter

import (
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Without /proc, or with a kernel that does not count, the wait is unknown. (It
// was once reported as "0.0 % waiting for its core".)
func TestWithoutProcTheWaitForACoreIsNotKnown(t *testing.T) {
	file := t.TempDir() + "/schedstat"
	for name, test := range map[string]struct {
		text  string
		known bool
	}{
		"no file":     {"", false},
		"no numbers":  {"oh\n", false},
		"not counted": {"0 0 0\n", false},
		"no wait":     {"5000 0 3\n", true},
		"a wait":      {"5000 700 3\n", true},
	} {
		_ = os.Remove(file)
		if test.text != "" {
			require.NoError(t, os.WriteFile(file, []byte(test.text), 0o600))
		}
		r := readThreadFrom(file)
		assert.NotNil(t, r.cpu, name)
		assert.Equal(t, test.known, r.runQueue != nil, name)
		if name == "a wait" {
			assert.Equal(t, 700*time.Nanosecond, *r.runQueue)
		}
	}
}

// The thread's CPU time is exact up to the moment, not only up to the last
// tick: a spinning thread uses time or waits for its core.
func TestAThreadKnowsItsCPUTimeUpToTheMoment(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	distinct := make(map[time.Duration]bool)
	for range 50 { // within one tick of a few ms, nearly always
		distinct[*ReadThread().cpu] = true
	}
	assert.Len(t, distinct, 50)
}

// The CPU time of other threads does not count as the generator's. Otherwise a
// busy server in the same process, or the garbage collector, would make the
// generator look overloaded.
func TestAThreadsCPUTimeIsItsOwn(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	before, process := *ReadThread().cpu, processCPU(t)
	used := make(chan time.Duration)
	go func() { // on another thread, until it has used some CPU time
		for processCPU(t)-process < 100*time.Millisecond {
		}
		used <- processCPU(t) - process
	}()
	all := <-used
	assert.Less(t, *ReadThread().cpu-before, all/2, "of %v that the process has used", all)
}

func processCPU(t *testing.T) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		t.Error(err)
		return time.Hour
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
