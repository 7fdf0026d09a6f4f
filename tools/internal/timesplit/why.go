package timesplit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// moving are the activities that a ring has in one call.
var moving = []results.Activity{results.TimeWrite, results.TimeRead, results.TimeRing, results.TimeWait}

// mostNamed is how many activities a sentence of Why names.
const mostNamed = 3

// Why says of each server that costs more than the cheapest one where the difference is: a
// sentence each, the dearest server first. Differences within the lab's noise are none, and
// an activity is named only if its difference is beyond what chance may do to the samples.
// Servers whose measurement was disturbed are left out.
func Why(r *results.Results) (sentences []string) {
	var cells []*results.TimeCell
	for _, s := range r.Servers {
		if c := r.TimeOf(s.Name); c != nil && s.DNF == "" && c.Taken() == "" {
			cells = append(cells, c)
		}
	}
	if len(cells) < 2 {
		return nil
	}
	slices.SortStableFunc(cells, func(a, b *results.TimeCell) int { return cmp.Compare(b.Total(), a.Total()) })
	cheapest := cells[len(cells)-1]
	for _, c := range cells[:len(cells)-1] {
		if c.Total()-cheapest.Total() > noise(r, c.Workload)*cheapest.Total() {
			sentences = append(sentences, why(c, cheapest))
		}
	}
	if len(sentences) == 0 {
		return []string{fmt.Sprintf("No server costs more than another beyond the lab's noise of %.0f %%.", 100*noise(r, cheapest.Workload))}
	}
	return sentences
}

// leastNoise is the difference, as a share, below which a single measurement of two or
// three seconds tells nothing, however quiet the A/A run was.
const leastNoise = 0.05

func noise(r *results.Results, workload int) float64 {
	share := leastNoise
	for _, n := range r.Noise {
		if n.Workload == workload {
			share = max(share, n.CPU)
		}
	}
	return share
}

// difference is between two servers' CPU time per request, in ns, for one activity or
// several.
type difference struct {
	words string
	nanos float64
}

func why(dear, cheap *results.TimeCell) string {
	text := fmt.Sprintf("%s costs %s µs more for a request than %s (%s and %s µs)", dear.Server,
		micros(dear.Total()-cheap.Total()), cheap.Server, micros(dear.Total()), micros(cheap.Total()))
	var more, less []difference
	for _, d := range differences(dear, cheap) {
		if d.nanos > 0 {
			more = append(more, d)
		} else {
			less = append(less, difference{d.words, -d.nanos})
		}
	}
	if len(more) == 0 {
		return text + ": the samples are too few to say where."
	}
	text += ": " + list(more, " more in ")
	if len(less) > 0 {
		text += "; it saves " + list(less, " in ")
	}
	return text + "."
}

// leastUnsampled is the share of the CPU time without samples that is not due to chance.
const leastUnsampled = 0.1

// differences are those beyond chance, the largest first.
func differences(dear, cheap *results.TimeCell) (all []difference) {
	add := func(words string, activities ...results.Activity) {
		nanos := 0.0
		for _, a := range activities {
			nanos += dear.PerRequest(a) - cheap.PerRequest(a)
		}
		// Both uncertainties as if they had one sign, which is more than the 95 % that
		// each of them has: a sentence that names an activity should hold.
		if abs(nanos) > dear.Uncertainty(activities...)+cheap.Uncertainty(activities...) {
			all = append(all, difference{words, nanos})
		}
	}
	ring := dear.Spent[results.TimeRing]+cheap.Spent[results.TimeRing] > 0
	if ring {
		add("reading, writing and waiting together", moving...)
	}
	for _, a := range results.Activities {
		if !ring || !slices.Contains(moving, a) {
			add(a.Words(), a)
		}
	}
	if nanos := dear.Unsampled() - cheap.Unsampled(); abs(nanos) > leastUnsampled*dear.Total() {
		all = append(all, difference{"what has no samples", nanos})
	}
	slices.SortStableFunc(all, func(a, b difference) int { return cmp.Compare(abs(b.nanos), abs(a.nanos)) })
	return all
}

func list(all []difference, in string) string {
	var parts []string
	for i, d := range all[:min(len(all), mostNamed)] {
		if i > 0 {
			in = " in "
		}
		parts = append(parts, micros(d.nanos)+" µs"+in+d.words)
	}
	if last := len(parts) - 1; last > 0 {
		parts = append(parts[:last-1], parts[last-1]+" and "+parts[last])
	}
	return strings.Join(parts, ", ")
}

func micros(nanos float64) string { return format.ThreeDigits(nanos / 1e3) }

func abs(x float64) float64 { return max(x, -x) }
