package lab

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/prometheus/procfs"
	"golang.org/x/sys/unix"
)

// processUsage asks /proc, and for the CPU time the process's own clock.
func processUsage(pid int) (usage, error) {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return usage{}, err
	}
	u, err := procUsage(fs, pid)
	if err != nil {
		return usage{}, err
	}
	if cpu, err := processClock(pid); err == nil {
		u.cpu = cpu
	}
	return u, nil
}

// procUsage reads the files under /proc/PID. The CPU time there comes in ticks
// of 10 ms. Its threads are all under task, those too that the kernel has started
// for an io_uring: they belong to the process since Linux 5.12, and so does their
// CPU time.
func procUsage(fs procfs.FS, pid int) (usage, error) {
	p, err := fs.Proc(pid)
	if err != nil {
		return usage{}, err
	}
	status, err := p.NewStatus()
	if err != nil {
		return usage{}, fmt.Errorf("process %d: status: %w", pid, err)
	}
	stat, err := p.Stat()
	if err != nil {
		return usage{}, fmt.Errorf("process %d: stat: %w", pid, err)
	}
	threads, err := fs.AllThreads(pid)
	if err != nil {
		return usage{}, fmt.Errorf("process %d: %w", pid, err)
	}
	const tick = time.Second / 100 // USER_HZ, on every architecture that Go knows
	u := usage{
		user:   time.Duration(stat.UTime) * tick,
		system: time.Duration(stat.STime) * tick,
		tasks:  make(map[int]taskUsage, len(threads)),
		rss:    int64(status.VmRSS),
	}
	u.cpu = u.user + u.system
	if m, err := p.ProcSMapsRollup(); err == nil { // since Linux 4.14
		u.pss = int64(m.Pss)
	}
	if u.sockets, err = socketMemory(fs); err != nil {
		return usage{}, err
	}
	for _, t := range threads {
		s, err := t.NewStatus()
		if err != nil {
			continue // it has just ended
		}
		task := taskUsage{voluntary: int64(s.VoluntaryCtxtSwitches), involuntary: int64(s.NonVoluntaryCtxtSwitches)}
		if s, err := t.Schedstat(); err == nil { // not in every kernel
			task.runQueue = time.Duration(s.WaitingNanoseconds)
		}
		u.tasks[t.PID] = task
	}
	return u, nil
}

// socketMemory returns what TCP's buffers have, in bytes, on the whole machine.
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

// processClock reads the clock that counts a process's CPU time: in ns, up to
// this moment, with the threads that have ended, in one system call. The sum
// over /proc/PID/task/*/schedstat is the same figure without the ended threads
// and without what a running thread has used since its last tick.
func processClock(pid int) (time.Duration, error) {
	// How a clock's number is made of a process's: CPUCLOCK_SCHED, for all
	// threads (include/linux/posix-timers_types.h, and clock_getcpuclockid(3)).
	const sched = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|sched, &ts); err != nil {
		return 0, err
	}
	return time.Duration(ts.Nano()), nil
}

// heldConnections returns how many connections a server on this machine has
// accepted at the address, and neither end has closed. The kernel's tables know
// it exactly: what waits to be accepted has no inode yet.
func heldConnections(addr string) (int, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return 0, err
	}
	// The files are read in pieces: where connections come and go meanwhile, one
	// may be in two of them.
	held := make(map[string]bool)
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		table, err := os.ReadFile(name)
		if err != nil && !(name == "/proc/net/tcp6" && errors.Is(err, os.ErrNotExist)) { // a kernel without it
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
