//go:build darwin || freebsd

package threads

import "golang.org/x/sys/unix"

// look applies these systems' limit on the threads of one process.
func look() state {
	s := known()
	for _, name := range []string{"kern.num_taskthreads", "kern.threads.max_threads_per_proc"} {
		if most, err := unix.SysctlUint32(name); err == nil {
			s.bound(int(most)-s.own, name)
		}
	}
	return s
}
