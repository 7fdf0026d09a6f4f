package ring

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Available returns nil if this process can open a ring. Otherwise the error wraps
// ErrUnavailable and says what to do. Available opens a small ring and closes it
// again, so it may also fail for lack of descriptors or memory. Any goroutine may
// call it.
func Available() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := Open(Config{Entries: 4, Completions: 8, Buffers: 2, BufferSize: 64})
	if err != nil {
		return err
	}
	return r.Close()
}

// tooOld returns the error for a kernel that lacks a feature.
func tooOld(what string) error {
	return fmt.Errorf("%w: Linux 6.1 or later is needed, and this is %s, which lacks %s", ErrUnavailable, release(), what)
}

// explain adds the reason to a system call's error that means that there is no
// io_uring, and wraps ErrUnavailable. Other errors do not change.
func explain(call string, errno syscall.Errno) error {
	err := os.NewSyscallError(call, errno)
	var why string
	switch errno {
	case unix.ENOSYS:
		why = fmt.Sprintf("either Linux %s is too old (6.1 or later is needed) or built without it, "+
			"or a seccomp filter, such as a container's, hides it and must allow io_uring_setup, "+
			"io_uring_enter and io_uring_register", release())
	case unix.EPERM, unix.EACCES:
		why = forbidden(readSysctl("/proc/sys/kernel/io_uring_disabled"))
	case unix.ENOMEM:
		why = "not enough memory, or not enough memory that may be locked: raise RLIMIT_MEMLOCK (ulimit -l)"
	default:
		return err
	}
	return fmt.Errorf("%w: %s: %w", ErrUnavailable, why, err)
}

// forbidden says what forbids io_uring, given the value of the sysctl.
func forbidden(disabled string) string {
	switch disabled {
	case "2":
		return "forbidden to all by the sysctl kernel.io_uring_disabled = 2; 0 allows it"
	case "1":
		return "forbidden by the sysctl kernel.io_uring_disabled = 1 to all but root " +
			"and the group kernel.io_uring_group; 0 allows it"
	}
	return "forbidden by a seccomp filter or a security module; " +
		"Docker's filter must allow io_uring_setup, io_uring_enter and " +
		"io_uring_register (--security-opt seccomp=...)"
}

// readSysctl returns a setting of the kernel; "" if there is none.
func readSysctl(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// release returns the kernel's version.
func release() string {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return "of an unknown version"
	}
	return unix.ByteSliceToString(name.Release[:])
}
