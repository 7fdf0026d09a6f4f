package proc

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// NewMeter returns a meter that reads /proc, and the process's own CPU clock if it
// has one.
func NewMeter(pid int) (*Meter, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return nil, err
	}
	m := &Meter{
		clock:   cpuClock{now: time.Now, tick: kernelTick(), read: func() (time.Duration, error) { return processClock(pid) }},
		files:   func() (usage, error) { return processUsage(pid) },
		machine: ReadClocks,
	}
	if _, err := processClock(pid); err != nil {
		m.clock.tick = max(m.clock.tick, results.UserTick)
		m.clock.read = func() (time.Duration, error) {
			user, system, err := procTicks(fs, pid)
			return user + system, err
		}
	}
	return m, nil
}

// processUsage reads everything but the exact CPU time.
func processUsage(pid int) (usage, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return usage{}, err
	}
	at := time.Now()
	u, err := procUsage(fs, pid)
	u.at = at
	return u, err
}

// kernelTick is the time between two ticks of the kernel's timer on a core: the
// resolution of its coarse clocks (1/CONFIG_HZ).
func kernelTick() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &ts); err != nil {
		return results.UserTick // the longest of all kernels
	}
	return time.Duration(ts.Nano())
}

// MemoryOf reads how much memory a process has now.
func MemoryOf(pid int) (MemoryUsage, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return MemoryUsage{}, err
	}
	p, err := fs.Proc(pid)
	if err != nil {
		return MemoryUsage{}, err
	}
	status, err := p.NewStatus()
	if err != nil {
		return MemoryUsage{}, fmt.Errorf("process %d: status: %w", pid, err)
	}
	return procMemory(fs, p, status)
}

func procMemory(fs procfs.FS, p procfs.Proc, status procfs.ProcStatus) (m MemoryUsage, err error) {
	m.RSS = int64(status.VmRSS)
	if rollup, err := p.ProcSMapsRollup(); err == nil { // since Linux 4.14
		m.pss = int64(rollup.Pss)
	}
	m.Sockets, err = socketMemory(fs)
	return m, err
}

// procTicks reads user and system time, in ticks of 10 ms.
func procTicks(fs procfs.FS, pid int) (user, system time.Duration, err error) {
	p, err := fs.Proc(pid)
	if err != nil {
		return 0, 0, err
	}
	stat, err := p.Stat()
	if err != nil {
		return 0, 0, fmt.Errorf("process %d: stat: %w", pid, err)
	}
	return time.Duration(stat.UTime) * results.UserTick, time.Duration(stat.STime) * results.UserTick, nil
}

// procUsage reads the files in /proc/PID. task lists all threads, also those that the
// kernel starts for an io_uring: since Linux 5.12 they, and their CPU time, belong to
// the process.
func procUsage(fs procfs.FS, pid int) (usage, error) {
	p, err := fs.Proc(pid)
	if err != nil {
		return usage{}, err
	}
	status, err := p.NewStatus()
	if err != nil {
		return usage{}, fmt.Errorf("process %d: status: %w", pid, err)
	}
	threads, err := fs.AllThreads(pid)
	if err != nil {
		return usage{}, fmt.Errorf("process %d: %w", pid, err)
	}
	// A kernel may have no such file, or one with zeros only (sched_info_on). So a
	// process that has never run shows that the kernel does not tell.
	sched, err := p.Schedstat()
	u := usage{
		tasks:   make(map[int]taskUsage, len(threads)),
		queued:  err == nil && sched.RunTimeslices > 0,
		allowed: max(1, len(status.CpusAllowedList)),
	}
	if u.user, u.system, err = procTicks(fs, pid); err != nil {
		return usage{}, err
	}
	if u.memory, err = procMemory(fs, p, status); err != nil {
		return usage{}, err
	}
	for _, t := range threads {
		s, err := t.NewStatus()
		if err != nil {
			continue // the thread has just ended
		}
		task := taskUsage{voluntary: int64(s.VoluntaryCtxtSwitches), involuntary: int64(s.NonVoluntaryCtxtSwitches)}
		if s, err := t.Schedstat(); err == nil {
			task.runQueue = time.Duration(s.WaitingNanoseconds)
		}
		u.tasks[t.PID] = task
	}
	return u, nil
}

// socketMemory returns how many bytes TCP's buffers have on the whole machine.
func socketMemory(fs procfs.FS) (int64, error) {
	all, err := fs.NetSockstat()
	if err != nil {
		return 0, fmt.Errorf("sockets: %w", err)
	}
	for _, p := range all.Protocols {
		if p.Protocol == "TCP" && p.Mem != nil {
			return int64(*p.Mem) * int64(os.Getpagesize()), nil
		}
	}
	return 0, nil
}

// processClock reads the clock of a process's CPU time, in ns. One system call reads
// it, and it includes ended threads. It lacks what a running thread has used since
// its last tick, because the kernel brings only the caller's own process up to date
// (thread_group_cputime in kernel/sched/cputime.c). The sum over
// /proc/PID/task/*/schedstat is the same figure without ended threads.
func processClock(pid int) (time.Duration, error) {
	// The number of a process's clock: CPUCLOCK_SCHED, for all threads
	// (include/linux/posix-timers_types.h, and clock_getcpuclockid(3)).
	const sched = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|sched, &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}

// HeldConnections returns how many connections a server on this machine has accepted
// at the address and neither end has closed. The kernel's tables are exact: a
// connection that waits for accept has no inode yet.
func HeldConnections(addr string) (int, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return 0, err
	}
	// The files are read in pieces. If connections come and go meanwhile, one may be
	// in two pieces.
	held := make(map[string]bool)
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		table, err := os.ReadFile(name)
		if err != nil && !(name == "/proc/net/tcp6" && errors.Is(err, os.ErrNotExist)) { // a kernel without IPv6
			return 0, err
		}
		local := fmt.Sprintf(":%04X", at.Port())
		for line := range strings.Lines(string(table)) {
			const established = "01" // TCP_ESTABLISHED, include/net/tcp_states.h
			// Slot, local address, remote one, state; the tenth is the inode.
			f := strings.Fields(line)
			if len(f) > 9 && strings.HasSuffix(f[1], local) && f[3] == established && f[9] != "0" {
				held[f[9]] = true
			}
		}
	}
	return len(held), nil
}
