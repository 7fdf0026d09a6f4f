package servertest

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// usage returns the resources that this process holds.
func usage() (u resources) {
	u.descriptors = entries("/proc/self/fd")
	u.threads = entries("/proc/self/task")
	return u
}

func entries(dir string) int {
	list, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	return len(list)
}

// otherThreadsCPU returns the CPU time, user and system, of all threads of this
// process except the calling one, and whether it is known.
func otherThreadsCPU() (used time.Duration, known bool) {
	all, ok := cpu(unix.RUSAGE_SELF)
	own, okToo := cpu(unix.RUSAGE_THREAD)
	return all - own, ok && okToo
}

func cpu(who int) (used time.Duration, known bool) {
	var u unix.Rusage
	if err := unix.Getrusage(who, &u); err != nil {
		return 0, false
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), true
}
