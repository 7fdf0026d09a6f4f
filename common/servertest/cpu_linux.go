package servertest

import (
	"time"

	"golang.org/x/sys/unix"
)

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
