package text

import (
	"fmt"
	"math"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// driftLimit is how much the machine's speed may change between rounds without a note.
const driftLimit = 0.05

// drifts returns how much CPU time requests took in each round, compared with other
// rounds: the geometric mean, over all servers, of CPU per request divided by its
// median. 1 is as usual. It is nil unless each round has figures.
func drifts(r *results.Results) []float64 {
	if r.Plan.Rounds < 1 || r.Plan.Rounds > len(r.Runs) {
		return nil // some rounds have no figures; and a file must not decide how much memory this takes
	}
	sums, counts := make([]float64, r.Plan.Rounds), make([]float64, r.Plan.Rounds)
	for _, c := range r.Runs {
		sum := r.SummaryOf(c.Server, c.Workload)
		if c.Round < 1 || c.Round > r.Plan.Rounds { // in an edited file
			continue
		}
		if c.Resources == nil || c.Load.Requests == 0 || sum == nil || sum.Cost == nil || sum.Cost.CPU == 0 || c.NanosPerRequest() == 0 {
			continue
		}
		sums[c.Round-1] += math.Log(c.NanosPerRequest() / sum.Cost.CPU)
		counts[c.Round-1]++
	}
	var all []float64
	for i, n := range counts {
		if n == 0 {
			return nil
		}
		all = append(all, math.Exp(sums[i]/n))
	}
	return all
}

// paceNote warns of a machine whose speed changes. All rounds of a run may have been
// quick or slow ones; neither A/A nor a server's spread shows that.
func paceNote(r *results.Results) string {
	quick, slow := 0, 0
	drifts := drifts(r)
	if len(drifts) < 2 {
		return ""
	}
	for i, p := range drifts {
		if p < drifts[quick] {
			quick = i
		}
		if p > drifts[slow] {
			slow = i
		}
	}
	if drifts[slow]/drifts[quick] <= 1+driftLimit {
		return ""
	}
	return fmt.Sprintf("This machine's speed changes: over all servers, requests took %.0f %% more CPU time in round %d than in round %d. "+
		"Another run may differ as much from this one, so compare servers within a run.", (drifts[slow]/drifts[quick]-1)*100, slow+1, quick+1)
}
