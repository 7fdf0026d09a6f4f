package compare

import (
	"math"

	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// once compares the figures that are not measured in rounds, by their kind's tolerance.
// machine: those that depend on the machine's speed, too.
func (c *Comparison) once(a, b *results.Results, machine bool) {
	c.syscalls(a, b)
	for _, s := range c.Servers {
		add := func(k Kind, of func(r *results.Results, server string) (float64, bool)) {
			if kinds[k].machine && !machine {
				return
			}
			x, knownA := of(a, s.Name)
			y, knownB := of(b, s.InB)
			if knownA && knownB {
				c.Figures = append(c.Figures, tolerate(s.Name, k, "", x, y))
			}
		}
		add(Memory, func(r *results.Results, server string) (float64, bool) {
			bytes, known := r.PerConnection(server)
			return bytes / 1024, known
		})
		add(IdleCPU, idleShare)
		add(Capacity, func(r *results.Results, server string) (float64, bool) {
			found := r.CapacityOf(server)
			if found == nil || found.LowerBound {
				return 0, false
			}
			return found.Rate, true
		})
		for _, e := range []struct {
			kind Kind
			id   string
		}{{Wait, "E2"}, {SlowBeside, "E10"}} {
			x, y := finding(a, e.id, s.Name), finding(b, e.id, s.InB)
			if !machine || x == nil || y == nil {
				continue
			}
			f := tolerate(s.Name, e.kind, "", x.Number, y.Number)
			if f.Verdict != Equal && x.Low <= y.High && y.Low <= x.High { // the repeats overlap
				f.Verdict = Equal
			}
			c.Figures = append(c.Figures, f)
		}
	}
	if len(a.Capacity) > 0 && len(b.Capacity) > 0 && a.Plan.SLO != b.Plan.SLO {
		c.drop(Capacity)
		c.skip("capacity: p99 is at most %v in a, and %v in b", a.Plan.SLO, b.Plan.SLO)
	}
	if a.Plan.AllClaims != b.Plan.AllClaims {
		if c.drop(Wait) {
			c.skip("the longest wait beside a slow client: one run has the short experiment, and the other has the long one")
		}
	}
}

// idleShare returns the share of a core, in %, that a server wanted with few silent
// connections: a server that polls gets less where other programs run.
func idleShare(r *results.Results, server string) (percent float64, known bool) {
	for _, cell := range r.Idle {
		if cell.Server == server && cell.Connections > 0 && cell.Resources != nil {
			return 100 * cell.WantedShare(), true
		}
	}
	return 0, false
}

// drop removes the figures of a kind, and reports whether there were any.
func (c *Comparison) drop(k Kind) bool {
	var rest []Figure
	for _, f := range c.Figures {
		if f.Kind != k {
			rest = append(rest, f)
		}
	}
	some := len(rest) < len(c.Figures)
	c.Figures = rest
	return some
}

// syscalls compares the number of system calls a request.
func (c *Comparison) syscalls(a, b *results.Results) {
	if len(a.Syscalls) == 0 || len(b.Syscalls) == 0 {
		return
	}
	if a.Syscalls[0].Method != b.Syscalls[0].Method {
		c.skip("system calls: %s counted them in a, and %s in b", a.Syscalls[0].Method, b.Syscalls[0].Method)
		return
	}
	counted := func(r *results.Results) int { return min(results.SyscallWorkloads, len(r.Plan.Workloads)) }
	scratch := new(Comparison) // has said which workloads differ, if the closed loop was compared
	for _, s := range c.Servers {
		for _, p := range scratch.pairs(a.Plan.Workloads[:counted(a)], b.Plan.Workloads[:counted(b)], text.WorkloadName) {
			x, y := a.SyscallsOf(s.Name, p.a), b.SyscallsOf(s.InB, p.b)
			if x == nil || y == nil {
				continue
			}
			_, _, callsA := x.PerRequest()
			_, _, callsB := y.PerRequest()
			c.Figures = append(c.Figures, tolerate(s.Name, Syscalls, p.under, callsA, callsB))
		}
	}
}

// tolerate judges two figures by the tolerance of their kind.
func tolerate(server string, k Kind, under string, a, b float64) Figure {
	spec := kinds[k]
	f := Figure{Server: server, Kind: k, Under: under, Unit: spec.unit, A: a, B: b, Noise: spec.least, Verdict: Equal}
	if a > 0 {
		f.Change = new(b/a - 1)
		f.Noise = max(spec.least, spec.floor/a)
	}
	if math.Abs(b-a) > spec.floor && max(a, b) > (1+spec.least)*min(a, b) {
		f.Verdict = spec.verdict(b < a)
	}
	return f
}

// finding returns what an experiment found out about a server; nil if that was not
// decided.
func finding(r *results.Results, id, server string) *results.Finding {
	for _, claim := range r.Claims {
		if claim.Experiment != id {
			continue
		}
		for i, f := range claim.Findings {
			if f.Server == server && f.Verdict.Decided() {
				return &claim.Findings[i]
			}
		}
	}
	return nil
}
