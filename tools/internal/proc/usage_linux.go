package proc

import (
	"bufio"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
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

// AcceptQueue returns how many connections at the address wait for a server on this
// machine to accept them; 0 if none listens there. The number of connections does not
// slow it, because the kernel's tables begin with the sockets that listen.
func AcceptQueue(addr string) (n int, err error) {
	err = eachSocket(addr, func(s socket) bool {
		if s.here && s.state == stateListening {
			n += s.received
		}
		return s.state == stateListening
	})
	return n, err
}

// HeldConnections returns how many connections a server on this machine has accepted
// at the address and neither end has closed. The kernel's tables are exact: a
// connection that waits for accept has no inode yet. To read them takes some µs for each
// connection of the machine.
func HeldConnections(addr string) (int, error) {
	// The files are read in pieces. If connections come and go meanwhile, one may be
	// in two pieces.
	held := make(map[string]bool)
	err := eachSocket(addr, func(s socket) bool {
		if s.here && s.state == stateEstablished && s.inode != "0" {
			held[s.inode] = true
		}
		return true
	})
	return len(held), err
}

// socket is a line of the kernel's tables.
type socket struct {
	here     bool // its local port is that of the address
	state    string
	received int // bytes; of a socket that listens, connections
	inode    string
}

// States of a socket, as in include/net/tcp_states.h.
const (
	stateEstablished = "01"
	stateListening   = "0A"
)

// eachSocket calls do with the sockets in the kernel's tables for IPv4 and IPv6, each from
// its beginning until do returns false.
func eachSocket(addr string, do func(socket) bool) error {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return err
	}
	port := fmt.Sprintf(":%04X", at.Port())
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(name)
		if name == "/proc/net/tcp6" && errors.Is(err, os.ErrNotExist) { // a kernel without IPv6
			continue
		}
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(file)
		for lines.Scan() {
			// Slot, local address, remote one, state, bytes to send and received; the
			// tenth is the inode.
			f := strings.Fields(lines.Text())
			if len(f) < 10 || f[0] == "sl" {
				continue
			}
			_, queue, _ := strings.Cut(f[4], ":")
			received, _ := strconv.ParseInt(queue, 16, 64)
			if !do(socket{here: strings.HasSuffix(f[1], port), state: f[3], received: int(received), inode: f[9]}) {
				break
			}
		}
		err = lines.Err()
		file.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
