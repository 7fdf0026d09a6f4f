package results

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// Other programs and the host disturb measurements. Two figures show that: for the whole
// run, the share of all cores' time that went elsewhere; and for each measurement,
// whether the server or the load generator waited for its core. The first warns. The
// second decides, because a disturbed measurement says nothing about the server.

// DisturbedShare is the share of CPU time above which time that went elsewhere is worth
// a warning.
const DisturbedShare = 0.05

// takenShare is the share of the time for which the server or the generator may wait for
// a core, or the host may have it: medians bear that.
const takenShare = 0.2

// Besides is what disturbed a measurement.
type Besides struct {
	generator     *float64   // the share of the time in which the load generator waited for its core
	Server        *Resources // nil if not known
	Steal, Others *float64   // as in Cell
}

// Besides returns what disturbed the cell.
func (c *Cell) Besides() Besides {
	return Besides{c.Load.Generator.RunQueue, c.Resources, c.Steal, c.Others}
}

// Stolen says that the host had the cores for too long, or "".
func (b Besides) Stolen() string {
	if b.Steal != nil && *b.Steal > takenShare {
		return fmt.Sprintf("the host had the cores for %s of the time", format.Percent(*b.Steal))
	}
	return ""
}

// Starved says that the server waited for its core for too long, or "". A server's
// threads also wait for each other on a quiet machine, so the wait counts only if other
// programs ran.
func (b Besides) Starved() string {
	if b.Others != nil && *b.Others <= DisturbedShare {
		return ""
	}
	if waited, _ := b.Server.Waited(); waited > takenShare {
		text := fmt.Sprintf("the server waited for a core for %s of the time", format.Percent(min(1, waited)))
		if b.Others != nil {
			text += fmt.Sprintf(", and other programs used %s of one", format.Percent(*b.Others))
		}
		return text
	}
	return ""
}

// Crowded says that other programs used the cores for too long, or "". It is for servers
// that may use all cores.
func (b Besides) Crowded() string {
	if b.Others != nil && *b.Others > takenShare {
		return fmt.Sprintf("other programs used the cores for %s of the time", format.Percent(*b.Others))
	}
	return ""
}

// Taken returns why a measurement says more about the machine than about the
// server, or "".
func (b Besides) Taken() string {
	if b.generator != nil && *b.generator > takenShare {
		return fmt.Sprintf("the load generator waited for its core for %s of the time", format.Percent(*b.generator))
	}
	if text := b.Stolen(); text != "" {
		return text
	}
	return b.Starved()
}

// Starved reports whether the server waited for a core that other programs or the host
// had.
func (c Cell) Starved() bool { return c.Besides().Stolen() != "" || c.Besides().Starved() != "" }

// Elsewhere returns the known share of the machine's CPU time, 0 to 1, that went neither
// to the lab nor to its servers. known is false if no part of it is.
func (e Environment) Elsewhere() (share float64, known bool) {
	for _, part := range []*float64{e.Steal, e.Others} {
		if part != nil {
			share, known = share+*part, true
		}
	}
	return share, known
}

// Disturbed warns that other programs and the host took so much CPU time that they may
// have made the figures; "" if they took little.
func (r *Results) Disturbed() string {
	share, _ := r.Environment.Elsewhere()
	if share <= DisturbedShare {
		return ""
	}
	return fmt.Sprintf("DISTURBED: %.0f %% of the machine's CPU time went elsewhere, so requests take longer, and more CPU time because caches are colder. "+
		"Repeat this on a quiet machine before you draw conclusions.", 100*share)
}

// voidShare is the share of a loop's cells that may be void before the run shows next to
// nothing. Two thirds were void on an idle virtual machine whose host took a
// core away 1,400 times a second (docs/lab.md); the rest of that run was sound.
const voidShare = 0.75

// Void returns why a run shows next to nothing, or "": over voidShare of its closed
// loop's cells are void, or of its open loop's, so that not even the medians stand;
// or none of its claims was decided for any server.
func (r *Results) Void() string {
	var reasons []string
	void, cells, why := VoidCells(r.Runs)
	if float64(void) > voidShare*float64(cells) {
		reasons = append(reasons, fmt.Sprintf("%d of %s of the closed loop are void; one reason: %s", void, format.Count(cells, "cell"), why))
	}
	void, cells, why = 0, 0, ""
	for _, s := range r.OpenSummary {
		cells += s.Rounds + s.Void
		void += s.Rounds + s.Void - s.MedianRounds
		if s.Reason != "" {
			why = s.Reason
		}
	}
	if float64(void) > voidShare*float64(cells) {
		reasons = append(reasons, fmt.Sprintf("%d of %s of the open loop are void, medians included; one reason: %s", void, format.Count(cells, "cell"), why))
	}
	// A claim without a verdict may have findings on servers that it is not about.
	decided := func(c Claim) bool {
		return c.Verdict.Decided() || slices.ContainsFunc(c.Findings, func(f Finding) bool { return f.Verdict.Decided() })
	}
	measurable := func(c Claim) bool { return c.Verdict != NotAvailable }
	if slices.ContainsFunc(r.Claims, measurable) && !slices.ContainsFunc(r.Claims, decided) {
		text := "none of the claims could be decided for any server"
		if f, known := r.Claims[0].Number(); known {
			text += fmt.Sprintf("; %s: %s", r.Claims[0].Experiment, f.Why)
		}
		reasons = append(reasons, text)
	}
	return strings.Join(reasons, "; ")
}

// VoidCells counts the void cells, and returns why one of them is void.
func VoidCells(all ...[]Cell) (void, of int, reason string) {
	for _, c := range slices.Concat(all...) {
		if of++; len(c.Load.Void) > 0 {
			void, reason = void+1, c.Load.Void[0]
		}
	}
	return void, of, reason
}
