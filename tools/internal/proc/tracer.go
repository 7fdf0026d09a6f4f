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
	// Watch prepares for a process, to count these calls by their names if it
	// cannot count all by name. Nothing is counted yet.
	Watch(ctx context.Context, pid int, names []string) Watch
}

// Watch is a process whose calls are counted from Begin to End. What goes wrong
// is told by Counts.
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
	if runtime.GOARCH == "amd64" { // Linux has not given it to younger ones
		calls = append(calls, "epoll_wait")
	}
	return calls
}

// TracerTime is how long it takes to attach a tracer and to detach it, about.
const TracerTime = 350 * time.Millisecond
