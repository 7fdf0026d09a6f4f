//go:build darwin || freebsd

package memlimit

import "golang.org/x/sys/unix"

// look returns the machine's memory in bytes, or 0 if it is unknown.
func look() int64 {
	for _, name := range []string{"hw.memsize", "hw.physmem"} { // macOS has the first, FreeBSD the second
		if n, err := unix.SysctlUint64(name); err == nil {
			return int64(n)
		}
	}
	return 0
}
