package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Servers that run already, because something else started them, are measured from outside:
// what they use, and what a process must be stopped, traced or silent for, is left out.

// fromOutside are the parts that need no process of the lab's. A plan that names no parts
// leaves out the last.
var fromOutside = []results.Part{results.Closed, results.OpenLoop, results.Capacities}

// onlyLoad says what is not measured of such servers.
const onlyLoad = "CPU time, memory, threads, switches, system calls and silent connections, because the servers ran already and only their own machine can tell; " +
	"the rules of the protocol, whose check opens odd connections, which users of the servers might notice. The machine that is described here is the load's"

// Parts returns the parts that can be measured: all, or those of servers that run already.
func Parts(running bool) []results.Part {
	if running {
		return fromOutside
	}
	return results.Parts
}

// partsOf returns the parts to measure of the targets: the given ones, or without them all
// but capacity. It returns an error for parts that the targets cannot have.
func partsOf(parts []results.Part, targets []results.Target) ([]results.Part, error) {
	running := 0
	for _, s := range targets {
		if s.Running() {
			running++
		}
	}
	known := Parts(running > 0)
	if running > 0 && running < len(targets) {
		return nil, errors.New("servers that run already cannot be compared with servers that the lab starts: measure them in a run of their own")
	}
	for _, part := range parts {
		if !slices.Contains(results.Parts, part) {
			return nil, fmt.Errorf("no part %q: there are %q", part, results.Parts)
		}
		if !slices.Contains(known, part) {
			return nil, fmt.Errorf("the part %q needs a server that the lab starts: of servers that run already it can measure %q", part, known)
		}
	}
	if len(parts) == 0 {
		parts = known[:len(known)-1]
	}
	return parts, nil
}

// answers returns an error unless a server that runs already answers a request.
func answers(ctx context.Context, s *results.Server, w load.Workload) error {
	return generator.Preload(ctx, generator.Config{Addr: s.Addr, Workload: s.Told(w).Least()})
}

// measuresAgain reports whether a server is measured a second time in each round, for the
// A/A run. That run is about CPU time, which is not known of servers that run already.
func measuresAgain(p results.Plan, running bool) bool { return p.Has(results.Closed) && !running }
