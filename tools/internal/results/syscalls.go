package results

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// SyscallCell counts a server's system calls under a workload of the closed
// loop: in a pass of its own, for to count them slows the server.
type SyscallCell struct {
	Server   string `json:"server"`
	Workload int    `json:"workload"` // of the plan's, counted from 0
	// Method is what counted them: "perf" or "strace".
	Method string `json:"method"`
	// Requests were answered meanwhile, in that many seconds, and Calls how many
	// there were, by name. 0 seconds: of an earlier version, not known.
	Requests int64            `json:"requests"`
	Seconds  float64          `json:"seconds,omitempty"`
	Calls    map[string]int64 `json:"calls"`
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

// RareCall is how many of a call for each request are too few to be named.
const RareCall = 0.005

// String is "read 1.00, write 1.00".
func (c SyscallCell) String() string {
	names, each, _ := c.PerRequest()
	var all []string
	for i, name := range names {
		if each[i] >= RareCall {
			all = append(all, fmt.Sprintf("%s %.2f", name, each[i]))
		}
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ", ")
}

// SyscallsOf returns the system calls of a server under a workload, nil if none were
// counted.
func (r *Results) SyscallsOf(server string, workload int) *SyscallCell {
	i := slices.IndexFunc(r.Syscalls, func(c SyscallCell) bool {
		return c.Server == server && c.Workload == workload && c.Requests > 0
	})
	if i < 0 {
		return nil
	}
	return &r.Syscalls[i]
}

// FrequentCalls returns the names of the calls that servers make most often, under
// any workload: the most frequent first, at most that many, and none of which there
// are fewer than least for each request.
func (r *Results) FrequentCalls(most int, least float64) []string {
	peak := make(map[string]float64)
	for _, c := range r.Syscalls {
		names, each, _ := c.PerRequest()
		for i, name := range names {
			if name != OtherCalls && each[i] >= least {
				peak[name] = max(peak[name], each[i])
			}
		}
	}
	names := slices.SortedFunc(maps.Keys(peak), func(a, b string) int {
		return cmp.Or(cmp.Compare(peak[b], peak[a]), strings.Compare(a, b))
	})
	return names[:min(len(names), most)]
}

// RingCall hands operations over to an io_uring and waits for what is done.
const RingCall = "io_uring_enter"

// OtherCalls is the name of all calls that have none of their own.
const OtherCalls = "others"

// Rings reports whether a server's calls of io_uring_enter were counted.
func (r *Results) Rings() bool {
	return slices.ContainsFunc(r.Syscalls, func(c SyscallCell) bool { return c.Calls[RingCall] > 0 })
}
