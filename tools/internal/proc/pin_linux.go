package proc

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// PinSelf moves all threads of this process to one core, if it may use two or more.
// The scheduler's and the garbage collector's threads move as well, because they must
// not run on the servers' core. New threads inherit the core. undo moves all of them
// back.
func PinSelf() (pins Pinning, undo func(), err error) { return PinSelfBeside(1) }

// PinSelfBeside is PinSelf for servers that get that many cores.
func PinSelfBeside(servers int) (pins Pinning, undo func(), err error) {
	var before unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return Pinning{}, nil, os.NewSyscallError("sched_getaffinity", err)
	}
	if before.Count() < servers+1 {
		return Pinning{}, func() {}, nil
	}
	// The generator keeps its P while it waits, so everything else in this process
	// needs another one. An explicit GOMAXPROCS does not change when the runtime
	// notices that one core is left.
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
		_ = setAffinity(&before) // the cores still exist
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

// setAffinity moves all threads of the process. It makes two passes, because a thread
// that starts during the first may inherit the old cores.
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
			if err != nil && err != unix.ESRCH { // the thread has ended
				return os.NewSyscallError("sched_setaffinity", err)
			}
		}
	}
	return nil
}

// start starts the command on the servers' cores, or on all without pins. A child
// inherits the cores of the thread that starts it, so the caller must have locked its
// goroutine to a thread.
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
