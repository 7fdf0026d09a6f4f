package lab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// tracer counts a process's system calls.
type tracer interface {
	// name is "perf" or "strace".
	name() string
	// watch prepares for a process, to count these calls by their names if it
	// cannot count all by name. Nothing is counted yet.
	watch(ctx context.Context, pid int, names []string) watch
}

// watch is a process whose calls are counted from begin to end. What goes wrong
// is told by counts.
type watch interface {
	begin()
	end()
	counts() (map[string]int64, error)
}

// namedCalls are those with a counter of their own: what a server may do for a
// request. Each one makes attaching take longer.
var namedCalls = []string{"read", "write", "recvmsg", "recvfrom", "sendto", "epoll_pwait", "epoll_ctl", "futex", "nanosleep", "accept4", "sched_yield"}

// foreignCalls are those that the servers of others make besides.
var foreignCalls = []string{"readv", "writev", "sendmsg"}

// ringCall hands operations over to an io_uring and waits for what is done.
const ringCall = "io_uring_enter"

// callsOf are those that are worth a name in a server.
func callsOf(s Subject) []string {
	switch {
	case !s.Foreign && s.model() == "iouring":
		return append(slices.Clone(namedCalls), ringCall)
	case !s.Foreign:
		return namedCalls
	}
	calls := slices.Concat(namedCalls, foreignCalls)
	if hasRings() {
		calls = append(calls, ringCall)
	}
	if runtime.GOARCH == "amd64" { // Linux has not given it to younger ones
		calls = append(calls, "epoll_wait")
	}
	return calls
}

// otherCalls is the name of all calls that have none of their own.
const otherCalls = "others"

// tracerTime is how long it takes to attach a tracer and to detach it, about.
const tracerTime = 350 * time.Millisecond

// syscallWorkloads is how many of the plan's workloads calls are counted under:
// the first ones. Where many requests are in flight on a connection, calls are
// few, and that is a matter of chance and of the generator's.
const syscallWorkloads = 2

// syscalls counts each server's system calls.
func (b *run) syscalls(ctx context.Context) error {
	plan := b.results.Plan
	if !plan.has(Syscalls) {
		return nil
	}
	all := tracers()
	if len(all) == 0 {
		b.results.skip("system calls: there is nothing here to count them with")
	}
	var reasons []error
	return b.eachServer(ctx, "system calls", func(s *Server) time.Duration { return syscallTime(plan, s) }, func(s *Server, p *process) (string, error) {
		if len(all) == 0 {
			return "", nil
		}
		if err := b.preload(ctx, s.Subject, p); err != nil {
			return "", err
		}
		var cells []SyscallCell
		for w := range min(syscallWorkloads, len(plan.Workloads)) {
			for len(all) > 0 {
				cell, err := b.countCalls(ctx, all[0], s, p, w)
				if err == nil {
					cells = append(cells, cell)
					break
				}
				if p.failure() != nil || ctx.Err() != nil {
					return "", err
				}
				// It will not be permitted for another server either.
				reasons = append(reasons, err)
				all = all[1:]
				if len(all) == 0 {
					b.results.skip("system calls: " + strings.ReplaceAll(errors.Join(reasons...).Error(), "\n", "; "))
				}
			}
		}
		b.results.Syscalls = append(b.results.Syscalls, cells...)
		return fmt.Sprintf("%s: system calls: %s", s.Name, b.callDigest(cells)), nil
	})
}

// countCalls counts the calls under a workload.
func (b *run) countCalls(ctx context.Context, t tracer, s *Server, p *process, workload int) (SyscallCell, error) {
	plan := b.results.Plan
	watched := t.watch(ctx, p.pid, callsOf(s.Subject))
	r, err := load.Run(ctx, load.Config{
		Addr:     p.addr,
		Workload: s.told(plan.Workloads[workload]),
		Warmup:   plan.Warmup,
		Duration: plan.Idle,
		MayWait:  s.OneAtATime,
		Seed:     plan.Seed,
		Begin:    watched.begin, // when it has all its threads
		End:      watched.end,
	})
	calls, countErr := watched.counts()
	if err := errors.Join(err, countErr); err != nil {
		return SyscallCell{}, fmt.Errorf("%s: %w", t.name(), err)
	}
	return SyscallCell{Server: s.Name, Workload: workload, Method: t.name(), Requests: r.Requests, Seconds: r.Seconds, Calls: calls}, nil
}

func (b *run) callDigest(cells []SyscallCell) string {
	var all []string
	for _, c := range cells {
		all = append(all, fmt.Sprintf("%s: %s", WorkloadName(b.results.Plan.Workloads[c.Workload]), c))
	}
	return strings.Join(all, " · ")
}

// PerRequest returns how many calls there were for each request, by name, the
// most frequent one first; and how many in all.
func (c SyscallCell) PerRequest() (names []string, each []float64, total float64) {
	if c.Requests == 0 {
		return nil, nil, 0
	}
	names = slices.SortedFunc(maps.Keys(c.Calls), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.Calls[b], c.Calls[a]), strings.Compare(a, b))
	})
	for _, name := range names {
		n := float64(c.Calls[name]) / float64(c.Requests)
		each = append(each, n)
		total += n
	}
	return names, each, total
}

// rareCall is how many there are of a call for each request that is not worth
// telling of.
const rareCall = 0.005

// String is "read 1.00, write 1.00".
func (c SyscallCell) String() string {
	names, each, _ := c.PerRequest()
	var all []string
	for i, name := range names {
		if each[i] >= rareCall {
			all = append(all, fmt.Sprintf("%s %.2f", name, each[i]))
		}
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// maxCallColumns is how many calls have a column of their own.
const maxCallColumns = 5

// callCounts is the table of system calls.
func callCounts(r *Results) *grid {
	g := &grid{caption: "System calls per request", columns: []column{{"", "MODEL"}}}
	// The calls that some server makes most often.
	most := make(map[string]float64)
	for _, c := range r.Syscalls {
		names, each, _ := c.PerRequest()
		for i, name := range names {
			if name != otherCalls {
				most[name] = max(most[name], each[i])
			}
		}
	}
	shown := slices.SortedFunc(maps.Keys(most), func(a, b string) int {
		return cmp.Or(cmp.Compare(most[b], most[a]), strings.Compare(a, b))
	})
	shown = shown[:min(len(shown), maxCallColumns)]
	for w := range min(syscallWorkloads, len(r.Plan.Workloads)) {
		group := WorkloadTitle(r.Plan.Workloads[w])
		g.columns = append(g.columns, column{group, "ALL"})
		for _, name := range shown {
			g.columns = append(g.columns, column{group, name})
		}
	}
	for _, s := range r.Servers {
		cells, known := []string{s.Name}, false
		for w := range min(syscallWorkloads, len(r.Plan.Workloads)) {
			i := slices.IndexFunc(r.Syscalls, func(c SyscallCell) bool { return c.Server == s.Name && c.Workload == w })
			if i < 0 || r.Syscalls[i].Requests == 0 {
				cells = append(cells, slices.Repeat([]string{absent}, 1+len(shown))...)
				continue
			}
			known = true
			c := r.Syscalls[i]
			_, _, total := c.PerRequest()
			cells = append(cells, threeDigits(total))
			for _, name := range shown {
				cells = append(cells, threeDigits(float64(c.Calls[name])/float64(c.Requests)))
			}
		}
		if known {
			g.rows = append(g.rows, row{cells: cells})
		}
	}
	return g
}

// syscallNotes explains the table of system calls.
func syscallNotes(r *Results) []string {
	if len(r.Syscalls) == 0 {
		return nil
	}
	method := r.Syscalls[0].Method
	note := "System calls were counted in a pass of their own, by " + method + ", for that slows a server."
	if method == "strace" {
		note = "System calls were counted in a pass of their own, by strace, under which a server is several times as slow, and meets other conditions."
	}
	notes := []string{note}
	if r.Rings() {
		notes = append(notes, RingNote)
	}
	return notes
}

// RingNote is how to read calls of io_uring_enter.
const RingNote = "io_uring_enter hands over any number of operations and waits for what is done, all in one call: " +
	"what others ask of the kernel with a call each, to read, to write, to accept, is in it. What it saves is the way into the kernel and back, not the work there."

// Rings reports whether a server's calls of io_uring_enter were counted.
func (r *Results) Rings() bool {
	return slices.ContainsFunc(r.Syscalls, func(c SyscallCell) bool { return c.Calls[ringCall] > 0 })
}
