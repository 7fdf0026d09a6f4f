package load

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// readThread returns what the calling thread has used since it began.
func readThread() thread {
	var t thread
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_THREAD, &u) == nil {
		t.cpu, t.known = time.Duration(u.Utime.Nano()+u.Stime.Nano()), true
	}
	// Time on the CPU, time in the run queue, time slices.
	var ran, waited int64
	if text, err := os.ReadFile("/proc/thread-self/schedstat"); err == nil {
		if _, err := fmt.Sscan(string(text), &ran, &waited); err == nil {
			t.runQueue, t.runQueueKnown = time.Duration(waited), true
		}
	}
	return t
}
