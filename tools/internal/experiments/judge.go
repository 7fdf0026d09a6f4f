package experiments

import (
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// notMeasurable returns the finding of an experiment whose runs say nothing. Its
// reason is that of the last run with a note, or else why. measured is false if there
// are no runs.
func notMeasurable(trials []results.Trial, why string) (f results.Finding, measured bool) {
	if len(trials) == 0 {
		return results.Finding{}, false
	}
	for _, t := range trials {
		if t.Note != "" {
			why = t.Note
		}
	}
	return results.Finding{Verdict: results.NotMeasurable, Why: why}, true
}

// cpuMicros returns the server's CPU time per request, in µs. known is false if the
// system does not tell, or if nothing was answered.
func cpuMicros(t results.Trial) (us float64, known bool) {
	return t.PerRequest(func(u *results.Resources) float64 { return float64(u.CPU) / 1e3 })
}

// coresOf returns how many cores the server used. known is false if the system does
// not tell.
func coresOf(t results.Trial) (n float64, known bool) {
	return t.Resources.Share()
}

// responses returns the response times of several runs together.
func responses(trials []results.Trial) load.Times {
	var all []load.Times
	for _, t := range trials {
		all = append(all, t.Load.Response)
	}
	times, _ := load.Merge(all...) // they were encoded by this program
	return times
}

// lateShare is the largest share of a response time that may be the generator's own
// lateness.
const lateShare = 0.1

// medianHolds reports whether the median of an open loop's response times is the
// server's, and hardly the generator's. load.Result is stricter. But a generator that
// lost its core for a while is late with some requests only, and these do not change
// the median.
func medianHolds(t results.Trial) bool {
	return t.Load != nil && t.Load.Response.P50 > 0 && float64(t.Load.SendLag.P50) <= lateShare*float64(t.Load.Response.P50) &&
		!t.Load.Spoilt(50)
}

// whyTaken returns why a run was left out, the last one of several; why if none was
// left out.
func whyTaken(trials []results.Trial, why string) string {
	for _, t := range trials {
		if text := t.Taken(); text != "" {
			why = text
		}
	}
	return why
}

// medianAndP99 is an open loop's median in words, and its p99 if that is known and
// not void.
func medianAndP99(t results.Trial) string {
	text := "p50 was " + format.Latency(t.Load.Response.P50)
	if len(t.Load.Void) == 0 && t.Load.Response.P99 > 0 {
		text += " and p99 " + format.Latency(t.Load.Response.P99)
	}
	if !t.Load.Kept() {
		text += ", and the rate was not kept"
	}
	return text
}

// repeats is how often an experiment makes its deciding run.
const repeats = 3

// common returns the verdict that all findings share.
func common(_ *results.Results, about []results.Finding) (results.Verdict, string) {
	if len(about) == 0 {
		return results.NotMeasurable, ""
	}
	var yes []string
	for _, f := range about {
		if f.Verdict == results.Confirmed {
			yes = append(yes, f.Server)
		}
	}
	switch {
	case len(yes) == len(about):
		return results.Confirmed, ""
	case len(yes) > 0:
		return results.OnlyWhen, "the server is " + strings.Join(yes, " or ")
	default:
		return about[0].Verdict, ""
	}
}

// byThreshold answers yes from yes on, and no up to no. In between it gives the
// nearer answer, and calls it close; so it does if a repeat says otherwise. If yes is
// less than no, less means yes.
func byThreshold(numbers []float64, yes, no float64) results.Finding {
	slices.Sort(numbers)
	f := results.Finding{Number: numbers[len(numbers)/2], Low: numbers[0], High: numbers[len(numbers)-1]}
	above := func(x float64) bool { return (x >= (yes+no)/2) == (yes > no) }
	f.Verdict = results.Refuted
	if above(f.Number) {
		f.Verdict = results.Confirmed
	}
	between := f.Number > min(yes, no) && f.Number < max(yes, no)
	f.Close = between || above(f.Low) != above(f.High)
	return f
}
