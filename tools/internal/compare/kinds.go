package compare

import (
	"fmt"
	"reflect"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// Kind is what a figure measures.
type Kind string

// The kinds. The first three are measured in rounds, the others once.
const (
	CPU        Kind = "cpu_per_request"
	P50        Kind = "p50"
	P99        Kind = "p99"
	Syscalls   Kind = "syscalls_per_request"
	Memory     Kind = "memory_per_connection"
	IdleCPU    Kind = "idle_cpu"
	Wait       Kind = "longest_wait"
	SlowBeside Kind = "p99_beside_slow_handler"
	Capacity   Kind = "capacity"
)

// kind describes a Kind.
type kind struct {
	name, unit string
	// least is the largest change that means nothing, however small the noise is: 0.1 is
	// 10 % more, or as much less as makes the other run 10 % more. floor is the same as a
	// difference, in the unit.
	least, floor float64
	// more: the more the better.
	more bool
	// machine: the figure depends on the machine's speed.
	machine bool
}

// kinds has the tolerance of each kind. The noise of CPU per request is measured (A/A);
// the open loop has no A/A run, so the tolerances of its times are wide. A figure that is
// measured once has nothing but its tolerance. These tolerances are conventions.
var kinds = map[Kind]kind{
	CPU:        {name: "CPU a request", unit: "ns", least: 0.03, machine: true},
	P50:        {name: "p50", unit: "ns", least: 0.10, machine: true},
	P99:        {name: "p99", unit: "ns", least: 0.20, machine: true},
	Syscalls:   {name: "system calls a request", least: 0.10, floor: 0.05},
	Memory:     {name: "memory a silent connection", unit: "KiB", least: 0.10, floor: 0.5},
	IdleCPU:    {name: "CPU when idle", unit: "% of a core", least: 0.10, floor: 2, machine: true},
	Wait:       {name: "longest wait beside a slow client", unit: "s", least: 1, floor: 0.02, machine: true},
	SlowBeside: {name: "p99 beside a slow handler", unit: "ms", least: 1, floor: 1, machine: true},
	Capacity:   {name: "capacity", unit: "requests/s", least: 0.25, more: true, machine: true},
}

// verdict judges a change that is not noise.
func (k kind) verdict(less bool) Verdict {
	if less == k.more {
		return Worse
	}
	return Better
}

// pair is a workload that both plans have, and its index in each.
type pair struct {
	a, b  int
	under string
}

// pairs returns the workloads that both plans have. It notes those that one has alone.
func (c *Comparison) pairs(a, b []load.Workload, name func(load.Workload) string) (all []pair) {
	index := func(w load.Workload, in []load.Workload) int {
		for i := range in {
			if reflect.DeepEqual(w, in[i]) {
				return i
			}
		}
		return -1
	}
	for i, w := range a {
		if j := index(w, b); j >= 0 {
			all = append(all, pair{i, j, name(w)})
		} else {
			c.skip("%s: the workload of %s (%s) is only in a", name(w), protocolOf(w), w.Words())
		}
	}
	for _, w := range b {
		if index(w, a) < 0 {
			c.skip("%s: the workload of %s (%s) is only in b", name(w), protocolOf(w), w.Words())
		}
	}
	return all
}

func protocolOf(w load.Workload) string { return string(w.Protocol) }

// rate names a workload of the open loop.
func rate(w load.Workload) string { return format.Thousands(w.Rate) + "/s" }

// closed returns the common workloads of the closed loop; none unless both runs measured
// them in the same way.
func (c *Comparison) closed(a, b *results.Results) []pair {
	if len(a.Runs) == 0 || len(b.Runs) == 0 {
		return nil
	}
	if a.Plan.Cell != b.Plan.Cell || a.Plan.Warmup != b.Plan.Warmup {
		c.skip("the closed loop: a cell took %v after %v in a, and %v after %v in b", a.Plan.Cell, a.Plan.Warmup, b.Plan.Cell, b.Plan.Warmup)
		return nil
	}
	return c.pairs(a.Plan.Workloads, b.Plan.Workloads, text.WorkloadName)
}

// open does the same for the open loop.
func (c *Comparison) open(a, b *results.Results) []pair {
	if len(a.Open) == 0 || len(b.Open) == 0 {
		return nil
	}
	if a.Plan.OpenCell != b.Plan.OpenCell || a.Plan.Warmup != b.Plan.Warmup {
		c.skip("the open loop: a cell took %v after %v in a, and %v after %v in b", a.Plan.OpenCell, a.Plan.Warmup/2, b.Plan.OpenCell, b.Plan.Warmup/2)
		return nil
	}
	return c.pairs(a.Plan.Open, b.Plan.Open, rate)
}

// amount writes a figure in the unit that suits it.
func amount(x float64, unit string) string {
	switch {
	case unit == "ns" && x < 1000: // two runs differ in the third digit
		return format.ThreeDigits(x) + " ns"
	case unit == "ns":
		return format.Nanoseconds(x)
	case unit == "% of a core":
		return fmt.Sprintf("%.1f %%", x)
	default:
		return format.Amount(x, unit)
	}
}
