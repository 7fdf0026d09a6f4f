package proc

import (
	"context"
	"runtime"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Tracer counts a process's system calls.
type Tracer interface {
	// Name is "perf" or "strace".
	Name() string
	// Watch prepares to count a process's calls. A tracer that cannot count all calls
	// by name counts these names. Nothing is counted yet.
	Watch(ctx context.Context, pid int, names []string) Watch
}

// Watch counts a process's calls from Begin to End. Counts also returns the errors of
// Begin and End.
type Watch interface {
	Begin()
	End()
	Counts() (map[string]int64, error)
}

// namedCalls have a counter each: a server may make them for a request. Each
// counter makes attaching take longer.
var namedCalls = []string{"read", "write", "recvmsg", "recvfrom", "sendto", "epoll_pwait", "epoll_ctl", "futex", "nanosleep", "accept4", "sched_yield"}

// foreignCalls have a counter each in servers that are not ours.
var foreignCalls = []string{"readv", "writev", "sendmsg"}

// CallsOf returns the calls to count by name in a server. own are the calls that
// its model declares.
func CallsOf(s results.Target, own []string) []string {
	if !s.Foreign {
		return slices.Concat(namedCalls, own)
	}
	calls := slices.Concat(namedCalls, foreignCalls)
	if hasRings() {
		calls = append(calls, results.RingCall)
	}
	if runtime.GOARCH == "amd64" { // younger architectures do not have the call
		calls = append(calls, "epoll_wait")
	}
	return calls
}

// TracerTime is about how long attaching and detaching a tracer takes.
const TracerTime = 150 * time.Millisecond
