package charts

import (
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// knee is the rate beyond which a server no longer keeps up.
type knee struct {
	// rate is the highest rate that was kept, 0: none was. next is the lowest rate
	// that was not kept, 0: none is known.
	rate, next float64
	// p99 at rate, in ns. 0: not known.
	p99 float64
	// near: no tried rate between the two is blind.
	near bool
	// bound: the measurement at next was void.
	bound bool
	// found: the measured rates include a knee.
	found    bool
	measured bool
}

// kneeOf finds the knee by capacity, if that was searched for. Otherwise it is the
// last of the plan's rates that was kept before the first that was not.
func kneeOf(c *results.Capacity, planned, tries []point) knee {
	if c != nil {
		k := knee{rate: c.Rate, bound: c.LowerBound, near: true, found: true, measured: true}
		if t := c.LowestFailure(); t != nil {
			k.next = t.Rate
		}
		for _, p := range tries {
			if p.rate == c.Rate {
				k.p99 = p.p99
			}
		}
		return k
	}
	k := knee{near: true}
	for _, p := range planned {
		k.measured = k.measured || !p.missing
		switch {
		case p.blind:
			k.near = false
		case !p.kept:
			k.next, k.found = p.rate, true
			return k
		default:
			k.rate, k.p99, k.near = p.rate, p.p99, true
		}
	}
	return k
}

// String is short enough for the head of a panel.
func (k knee) String() string {
	switch {
	case !k.measured:
		return "not measured"
	case !k.found && k.rate == 0:
		return "VOID at all rates"
	case !k.found:
		return "no knee to " + format.Thousands(k.rate) + "/s"
	case k.rate == 0 && k.next > 0:
		return "knee below " + format.Thousands(k.next) + "/s"
	case k.bound:
		return "knee ≥ " + format.Thousands(k.rate) + "/s"
	case !k.near:
		return "knee " + format.Thousands(k.rate) + "–" + format.Thousands(k.next) + "/s"
	default:
		return "knee " + format.Thousands(k.rate) + "/s"
	}
}

// kneeText writes a server's knee, or why it has none.
func kneeText(s *results.Server, k knee) string {
	if !k.measured {
		return NothingOf(s, "not measured")
	}
	return k.String()
}
