//go:build unix

package proctest

import (
	"os"

	"golang.org/x/sys/unix"
)

func terminate(p *os.Process) error { return p.Signal(unix.SIGTERM) }
func suspend(p *os.Process) error   { return p.Signal(unix.SIGSTOP) }
func resume(p *os.Process) error    { return p.Signal(unix.SIGCONT) }

// limitDescriptors lets this process have so many descriptors.
func limitDescriptors(n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	setLimit(&limit.Cur, n)
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
}

// setLimit sets a limit, whose type varies from system to system.
func setLimit[T int64 | uint64](limit *T, n int) { *limit = T(n) }

// takeDescriptors takes all descriptors below n. They are never given back.
func takeDescriptors(n int) error {
	for {
		fd, err := unix.Open(os.DevNull, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		if fd >= n-1 {
			return nil
		}
	}
}
