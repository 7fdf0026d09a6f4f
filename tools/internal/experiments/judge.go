package experiments

import (
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/load"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// notMeasurable is the finding of an experiment whose runs say nothing: for the
// reason that stands beside them, or else for this one. measured is false if there
// are none.
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

// cpuMicros returns the server's CPU time per request, in µs. known is false
// where the system does not tell, or nothing was answered.
func cpuMicros(t results.Trial) (us float64, known bool) {
	return t.PerRequest(func(u *results.Resources) float64 { return float64(u.CPU) / 1e3 })
}

// coresOf returns how many cores the server used. known is false where the system
// does not tell.
func coresOf(t results.Trial) (n float64, known bool) {
	return t.Resources.Share()
}

// responses returns the response times of several runs.
func responses(trials []results.Trial) load.Times {
	var all []load.Times
	for _, t := range trials {
		all = append(all, t.Load.Response)
	}
	times, _ := load.Merge(all...) // what this package has encoded can be decoded
	return times
}

// lateShare is how large a part of a response time may be the generator's own
// lateness.
const lateShare = 0.1

// medianHolds reports whether the median of an open loop's response times is the
// server's, and hardly the generator's. That is less than load.Result asks for: a
// generator that lost its core for a while is late with some requests, and those
// are not in the middle.
func medianHolds(t results.Trial) bool {
	return t.Load != nil && t.Load.Response.P50 > 0 && float64(t.Load.SendLag.P50) <= lateShare*float64(t.Load.Response.P50) &&
		!t.Load.Spoilt(50)
}

// whyTaken returns why runs were left out, of the last one that was, or else why.
func whyTaken(trials []results.Trial, why string) string {
	for _, t := range trials {
		if text := t.Taken(); text != "" {
			why = text
		}
	}
	return why
}

// medianAndP99 is an open loop's median in words, and its p99, unless that is void or
// there are too few requests for it.
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

// repeats is how often an experiment's deciding run is made.
const repeats = 3

// common is the verdict that all findings share.
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

// byThreshold answers yes from yes on, no up to no, and in between what is
// nearer, which is close; so is a repeat on the other side. Where yes is less
// than no it is the other way round.
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
