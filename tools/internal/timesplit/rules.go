package timesplit

import "github.com/ioflavors/ioflavors/tools/internal/results"

// project begins the import path of each of our packages.
const project = "github.com/ioflavors/ioflavors/"

// packages are the ones of our packages that are neither a model nor what all models
// share, with the packages below them.
var packages = []struct {
	path     string
	activity results.Activity
}{
	{"common/store", results.TimeStore},
	{"common/backend", results.TimeStore},
	{"tools/internal/slow", results.TimeStore}, // a store around another one
	{"common/buffer", results.TimeCodec},
	{"common/frame", results.TimeCodec},
	{"common/kv", results.TimeCodec},
	{"common/proto", results.TimeCodec},
	{"common/resp", results.TimeCodec},
	{"common/session", results.TimeCodec},
	{"common/asynclog", results.TimeOther},
	{"common/kvcmd", results.TimeOther},
	{"common/servercmd", results.TimeOther},
	{"tools", results.TimeOther},
}

// kernel are the packages whose functions are system calls, on one system or another.
var kernel = map[string]bool{
	"internal/runtime/syscall":       true,
	"internal/runtime/syscall/linux": true,
	"internal/syscall/unix":          true,
	"runtime/internal/syscall":       true,
	"syscall":                        true,
	"golang.org/x/sys/unix":          true,
}

// callers are packages that make system calls for others.
var callers = map[string]bool{
	"runtime":                    true,
	"internal/poll":              true,
	project + "common/sock":      true,
	project + "eventloop/poller": true,
}

func init() {
	for pkg := range kernel {
		callers[pkg] = true
	}
}

// calls are system calls by the first letters of the functions that make them, in small
// letters. The scheduler's own calls come first, because futexsleep sleeps, too.
var calls = []struct {
	prefixes []string
	activity results.Activity
}{
	{[]string{"futex", "usleep", "osyield", "netpollbreak", "tgkill", "signalm", "eventfd"}, results.TimeScheduler},
	{[]string{"write", "send"}, results.TimeWrite},
	{[]string{"read", "recv", "receive", "tryread"}, results.TimeRead},
	{[]string{"epollwait", "epollpwait", "kevent", "poll", "ppoll", "select", "wait", "nanosleep"}, results.TimeWait},
}

// collector are the runtime's functions that collect garbage, by their first letters: the
// marking, the sweeping, the return of memory to the system, and the help that goroutines
// must give.
var collector = []string{
	"gcBgMarkWorker", "gcAssist", "gcDrain", "gcMark", "gcStart", "gcSweep", "gcWriteBarrier", "gcParkAssist",
	"bgsweep", "bgscavenge", "sweepone", "(*sweepLocked)", "deductSweepCredit", "wbBufFlush", "_GC",
}

// scheduler are the runtime's functions that schedule goroutines, keep the scheduler
// informed of system calls, and wait for the network, by their first letters. Below the
// code that parks or wakes a goroutine they are the scheduler's work, not that code's.
var scheduler = []string{
	"gopark", "goready", "ready", "Gosched", "gosched", "goyield", "gopreempt", "schedule", "findRunnable", "park_m", "mcall",
	"newproc", "goexit0", "gdestroy", "execute", "startm", "stopm", "wakep", "handoffp", "mPark", "notesleep", "notetsleep", "notewakeup",
	"futex", "usleep", "osyield", "signalM", "preempt", "asyncPreempt", "retake", "sysmon",
	"entersyscall", "reentersyscall", "exitsyscall", "entersyscallblock", "acquirep", "releasep",
	"netpoll", "poll_runtime", "sema", "readyWithTime", "resetForSleep", "(*timer", "(*pollDesc)", "(*pollCache)",
}

// netpoller are the packages of Go that join goroutines to the netpoller.
var netpoller = map[string]bool{"internal/poll": true, "net": true}

// memoryCalls are system calls that the runtime makes to get and to return memory.
var memoryCalls = []string{"mmap", "munmap", "madvise", "sysMmap", "sysMunmap"}

// unknown are leaves that stand for code outside Go, which has no stack.
var unknown = []string{"_ExternalCode", "_LostExternalCode", "_VDSO"}
