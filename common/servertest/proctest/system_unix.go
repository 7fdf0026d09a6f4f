//go:build unix

package proctest

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"
)

func terminate(p *os.Process) error { return p.Signal(unix.SIGTERM) }
func interrupt(p *os.Process) error { return p.Signal(unix.SIGINT) }
func suspend(p *os.Process) error   { return p.Signal(unix.SIGSTOP) }
func resume(p *os.Process) error    { return p.Signal(unix.SIGCONT) }

// openPipe makes a named pipe. Writes block until there is room; reads can have a
// deadline.
func openPipe(name string) (r, w *os.File, err error) {
	if err := unix.Mkfifo(name, 0o600); err != nil {
		return nil, nil, err
	}
	in, err := unix.Open(name, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	r = os.NewFile(uintptr(in), name)
	out, err := unix.Open(name, unix.O_WRONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		r.Close()
		return nil, nil, err
	}
	return r, os.NewFile(uintptr(out), name), nil
}

// fillPipe writes empty lines to a named pipe until not one byte more fits.
func fillPipe(name string) error {
	fd, err := unix.Open(name, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for lines := bytes.Repeat([]byte("\n"), 4096); len(lines) > 0; {
		switch _, err := unix.Write(fd, lines); err {
		case nil, unix.EINTR:
		case unix.EAGAIN:
			lines = lines[:len(lines)/2] // a smaller write may still fit
		default:
			return err
		}
	}
	return nil
}

// limitDescriptors limits this process to n descriptors.
func limitDescriptors(n int) error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	setLimit(&limit.Cur, n)
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &limit)
}

// setLimit sets a limit; its type differs between systems.
func setLimit[T int64 | uint64](limit *T, n int) { *limit = T(n) }

// takeDescriptors takes all descriptors below n, for the life of the
// process.
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
