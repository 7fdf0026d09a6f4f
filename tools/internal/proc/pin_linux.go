package proc

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// PinSelf moves this process to a core of its own, if it may use two or more.
// All its threads, for the scheduler's and the garbage collector's have
// nothing to do on the servers' core either. Threads to come inherit it. undo
// moves them back.
func PinSelf() (pins Pinning, undo func(), err error) { return PinSelfBeside(1) }

// PinSelfBeside is PinSelf for servers that have several cores.
func PinSelfBeside(servers int) (pins Pinning, undo func(), err error) {
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return Pinning{}, nil, os.NewSyscallError("sched_getaffinity", err)
	}
	if before.Count() < servers+1 {
		return Pinning{}, func() {}, nil
	}
	// The generator keeps its processor while it waits, so everything else
	// here needs another one. A number that was set stays, also when the
	// runtime notices that there is one core left.
	procs := runtime.GOMAXPROCS(max(2, runtime.GOMAXPROCS(0)))
	var cores []int
	for core := 0; len(cores) < before.Count(); core++ {
		if before.IsSet(core) {
			cores = append(cores, core)
		}
	}
	pins = Pinning{On: true, server: cores[0], More: cores[1:servers], load: cores[servers], all: cores}
	if err := setAffinity(single(pins.load)); err != nil {
		return Pinning{}, nil, err
	}
	return pins, func() {
		_ = setAffinity(&before) // the cores are still there
		runtime.GOMAXPROCS(procs)
	}, nil
}

func single(core int) *unix.CPUSet { return several(core) }

func several(cores ...int) *unix.CPUSet {
	var set unix.CPUSet
	for _, core := range cores {
		set.Set(core)
	}
	return &set
}

// setAffinity is for all threads of the process, in two passes: one that was
// started during the first may have inherited the old cores.
func setAffinity(set *unix.CPUSet) error {
	for range 2 {
		threads, err := os.ReadDir("/proc/self/task")
		if err != nil {
			return err
		}
		for _, t := range threads {
			tid, err := strconv.Atoi(t.Name())
			if err != nil {
				return fmt.Errorf("/proc/self/task: %w", err)
			}
			err = unix.SchedSetaffinity(tid, set)
			if err != nil && err != unix.ESRCH { // it has ended meanwhile
				return os.NewSyscallError("sched_setaffinity", err)
			}
		}
	}
	return nil
}

// start starts the command on the servers' core, or on all. A child inherits the
// cores of the thread that makes it, so the caller has locked its goroutine to
// one.
func (p Pinning) start(cmd *exec.Cmd) error {
	if !p.On {
		return cmd.Start()
	}
	if err := unix.SchedSetaffinity(0, several(append([]int{p.server}, p.More...)...)); err != nil {
		return os.NewSyscallError("sched_setaffinity", err)
	}
	err := cmd.Start()
	if back := unix.SchedSetaffinity(0, single(p.load)); err == nil && back != nil {
		kill(cmd)
		_ = cmd.Wait()
		err = os.NewSyscallError("sched_setaffinity", back)
	}
	return err
}
