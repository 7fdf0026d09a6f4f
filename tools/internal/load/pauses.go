package load

import (
	"fmt"
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// pauseLimit is the largest part of a percentile that a pause of the generator may
// be: beyond a half, the figure is more the generator's than the server's.
const pauseLimit = 0.5

// stoppedLimit is the largest share of the window in which the generator of a
// closed loop may not have run: the rate is lower by that share.
const stoppedLimit = 0.05

// Spoilt reports whether, without the generator's pauses, a percentile of the
// response times might be less than half of its value.
//
// A pause adds at most its length to the response times of the requests that it
// touched. So count the requests that took more than half of the percentile, and
// subtract the requests that a pause longer than half of it touched: the rest took
// that long without a pause. If the rest are more than lie beyond the percentile, the
// percentile without pauses is more than half of its value, too.
func (r *Result) Spoilt(percentile float64) bool {
	spoilt, known := r.spoilt(percentile)
	return known && spoilt[0]
}

// spoilt judges percentiles; 100 is the longest time. known is false if none of
// them is known, because there were too few requests.
func (r *Result) spoilt(percentiles ...float64) (spoilt []bool, known bool) {
	spoilt = make([]bool, len(percentiles))
	var touched, response *hdrhistogram.Histogram
	for i, percentile := range percentiles {
		value, ok := r.Response.at(percentile)
		known = known || ok
		half := time.Duration(pauseLimit * float64(value))
		if !ok || r.Generator.Touched.Max <= half {
			continue // nearly always: nothing to count
		}
		if touched == nil {
			var err, responseErr error
			touched, err = r.Generator.Touched.Decode()
			if response, responseErr = r.Response.Decode(); err != nil || responseErr != nil {
				spoilt[i] = true // it is unknown
				return spoilt, true
			}
		}
		spoilt[i] = (longer(response, half)-longer(touched, half))*100_000 <= Beyond(percentile)*r.Response.Count
	}
	return spoilt, known
}

// longer returns how many times are longer than least.
func longer(h *hdrhistogram.Histogram, least time.Duration) (n int64) {
	for _, bar := range h.Distribution() {
		if bar.From > least.Nanoseconds() {
			n += bar.Count
		}
	}
	return n
}

// pauseReason returns why pauses of the generator make a run void; empty: they do
// not. It does not judge p99.9, which is left out instead.
func (r *Result) pauseReason() string {
	percentiles := []float64{99, 90, 50}
	spoilt, known := r.spoilt(percentiles...)
	if i := slices.Index(spoilt, true); i >= 0 {
		value, _ := r.Response.at(percentiles[i])
		return fmt.Sprintf("%s: that may have made the p%g of %v", r.didNotRun(), percentiles[i], format.Latency(value))
	}
	if !known && r.Spoilt(100) {
		return fmt.Sprintf("%s, and there were too few requests for a percentile", r.didNotRun())
	}
	if !r.Workload.Open() && r.Generator.Paused.Seconds() > stoppedLimit*r.Seconds {
		return fmt.Sprintf("%s, over %.0f %%: the rate is lower by as much", r.didNotRun(), stoppedLimit*100)
	}
	return ""
}

// didNotRun says how long the generator did not run.
func (r *Result) didNotRun() string {
	g := &r.Generator
	text := fmt.Sprintf("the generator itself did not run for %.3gs of %.3gs", g.Paused.Seconds(), r.Seconds)
	if g.LongestPause < g.Paused {
		text += fmt.Sprintf(", %v at a time at most", g.LongestPause.Round(time.Microsecond))
	}
	return text
}
