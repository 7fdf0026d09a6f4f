package results

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// SyscallCell counts a server's system calls under a workload of the closed loop, in a
// separate pass, because counting slows the server.
type SyscallCell struct {
	Server   string `json:"server"`
	Workload int    `json:"workload"` // of the plan's, counted from 0
	// Method is what counted them: "perf" or "strace".
	Method string `json:"method"`
	// Requests is the number of requests that were answered meanwhile, in Seconds, and
	// Calls the number of calls by name. 0 seconds: not known, in an earlier version.
	Requests int64            `json:"requests"`
	Seconds  float64          `json:"seconds,omitempty"`
	Calls    map[string]int64 `json:"calls"`
}

// PerRequest returns the calls per request by name, the most frequent one first, and
// their total.
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

// RareCall is the number of a call per request below which it is not named.
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

// FrequentCalls returns the names of the calls that servers make most often under any
// workload: the most frequent one first, at most that many, and none below least per
// request.
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

// RingCall starts operations of an io_uring and waits for completions.
const RingCall = "io_uring_enter"

// OtherCalls stands for all calls that are not counted by name.
const OtherCalls = "others"

// Rings reports whether calls of io_uring_enter were counted.
func (r *Results) Rings() bool {
	return slices.ContainsFunc(r.Syscalls, func(c SyscallCell) bool { return c.Calls[RingCall] > 0 })
}
