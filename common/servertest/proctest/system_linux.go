package proctest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// system is the level of this system.
const system = procFiles

// dieWithParent makes the kernel kill the child if the test is killed.
func dieWithParent(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// limitThreads gives this process a user of its own, because root would be exempt,
// and limits that user to n threads.
func limitThreads(n int) error {
	const nproc = 6 // RLIMIT_NPROC, which package syscall does not have
	limit := syscall.Rlimit{Cur: uint64(n), Max: uint64(n)}
	if err := syscall.Setrlimit(nproc, &limit); err != nil {
		return err
	}
	nobody := 1<<20 + os.Getpid()
	return errors.Join(syscall.Setgroups(nil), syscall.Setgid(nobody), syscall.Setuid(nobody))
}

// canLimitThreads returns why limitThreads does not work here, "" if it
// does.
func canLimitThreads() (reason string) {
	if os.Getuid() != 0 {
		return "only root can start a process as a user that has no other process"
	}
	ids, err := os.ReadFile("/proc/self/uid_map")
	if err != nil || strings.Join(strings.Fields(string(ids)), " ") != "0 0 4294967295" {
		return "in a user namespace there is no such user"
	}
	return ""
}

// ownHost is an address of this machine on which no other program listens.
// Clients use 127.0.0.1, so none of them occupies a port there that a
// restarted server needs.
func ownHost() string {
	pid := os.Getpid()
	return fmt.Sprintf("127.%d.%d.%d", 128|pid>>16&0x3f, pid>>8&0xff, pid&0xff)
}

// processUsage reads /proc. For the processor time it reads the process's own
// clock, because /proc counts in ticks of 10 ms.
func processUsage(pid int) (u usage, err error) {
	if u.cpu, err = processClock(pid); err != nil {
		return u, err
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return u, err
	}
	u.descriptors = len(fds)

	if u.asleep, err = asleep(pid); err != nil {
		return u, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		switch name {
		case "State":
			u.stopped = strings.HasPrefix(strings.TrimSpace(value), "T")
		case "VmRSS":
			u.rss, err = kilobytes(value)
		case "VmHWM":
			u.peak, err = kilobytes(value)
		}
		if err != nil {
			return u, fmt.Errorf("%s: %w", name, err)
		}
	}
	return u, nil
}

// asleep reports whether every thread sleeps: none runs, and none is ready
// to run.
func asleep(pid int) (bool, error) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	for _, name := range threads {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it has just ended
		}
		// The state follows the name, which is in parentheses.
		if _, state, _ := strings.Cut(string(stat), ") "); !strings.HasPrefix(state, "S") {
			return false, nil
		}
	}
	return true, err
}

func kilobytes(text string) (bytes int64, err error) {
	_, err = fmt.Sscanf(text, "%d kB", &bytes)
	return bytes << 10, err
}

// processClock reads the clock of a process's processor time.
// clock_getcpuclockid(3) says how the clock's number follows from the
// process's.
func processClock(pid int) (time.Duration, error) {
	const allThreads = 2 // CPUCLOCK_SCHED
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|allThreads, &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}

// resetPeak resets the peak of a process's memory.
func resetPeak(pid int) error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0)
}
