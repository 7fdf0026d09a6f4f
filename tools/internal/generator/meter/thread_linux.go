package meter

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// schedstat is the calling thread's file, if there is a /proc.
const schedstat = "/proc/thread-self/schedstat"

// ReadThread returns what the calling thread has used since it began, up to this
// moment. It reads the thread's own clock, because the times of getrusage may be
// a tick old.
func ReadThread() Thread { return readThreadFrom(schedstat) }

func readThreadFrom(file string) Thread {
	t := Thread{at: time.Now()}
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) == nil {
		t.cpu = new(time.Duration(ts.Nano()))
	}
	// The fields: time on the CPU, time in the run queue, time slices. A kernel
	// that does not count has zeros there; a counting kernel has at least one
	// slice, because the calling thread has run.
	var ran, waited, slices int64
	if text, err := os.ReadFile(file); err == nil {
		if _, err := fmt.Sscan(string(text), &ran, &waited, &slices); err == nil && slices > 0 {
			t.runQueue = new(time.Duration(waited))
		}
	}
	return t
}
