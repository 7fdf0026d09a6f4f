//go:build darwin || freebsd

package memlimit

import "golang.org/x/sys/unix"

// look returns the machine's memory, or 0.
func look() int64 {
	for _, name := range []string{"hw.memsize", "hw.physmem"} { // the first is macOS's
		if n, err := unix.SysctlUint64(name); err == nil {
			return int64(n)
		}
	}
	return 0
}
