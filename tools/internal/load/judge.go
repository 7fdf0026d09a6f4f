package load

import (
	"fmt"
	"math"
	"time"
)

// What makes a run void. The limits are conventions: small enough that what the
// generator does to the figures is small beside what the server does.
const (
	// GeneratorLimit is the share of its core above which the generator may
	// have been the limit.
	GeneratorLimit = 0.8
	// CeilingLimit is the share of its ceiling above which the generator may
	// have been the limit.
	CeilingLimit = 0.7
	// runQueueLimit is the share of the time that the generator may wait for
	// its core.
	runQueueLimit = 0.05
	// lagLimit is how large a part of the reported p99 may be the generator's
	// own lateness, by p99.
	lagLimit = 0.1
	// littleLimit is how far the number of requests in the system may be from
	// rate × time in it.
	littleLimit = 0.05
	// keptShare is the share of what was due that a server must answer to
	// have kept the rate.
	keptShare = 0.99
)

// judge returns why the run of an open loop says nothing about the server. A
// closed loop has no times of its own to be late for; what may be wrong with it
// is told by Generator.Limited and by Hidden.
func (r *Result) judge() []string {
	if !r.Workload.Open() {
		return nil
	}
	var void []string
	add := func(format string, args ...any) { void = append(void, fmt.Sprintf(format, args...)) }
	if lag, p99 := r.SendLag.P99, r.Response.P99; late(lag, p99) {
		add("the generator was late: %v by p99, over %.0f %% of the response time's %v", lag, lagLimit*100, p99)
	}
	if r.Generator.Busy > GeneratorLimit {
		add("the generator was busy for %.0f %% of the time, over %.0f %%", r.Generator.Busy*100, GeneratorLimit*100)
	}
	if r.Generator.WaitedOver(runQueueLimit) {
		add("the generator waited for its core for %.0f %% of the time, over %.0f %%", *r.Generator.RunQueue*100, runQueueLimit*100)
	}
	if r.overCeiling() {
		add("%.0f requests/s are over %.0f %% of what the generator can do, %.0f", r.Rate, CeilingLimit*100, r.Generator.Ceiling)
	}
	if expected, holds := r.littlesLaw(); !holds {
		add("Little's law fails: %.3g requests were in the system, but rate × response time is %.3g", r.InFlight, expected)
	}
	return void
}

// littlesLaw returns how many requests there should have been in the system, and
// whether there were as many. It holds where the server did not keep the rate:
// nobody asks.
func (r *Result) littlesLaw() (expected float64, holds bool) {
	expected = r.Rate * r.Response.Mean / 1e9
	return expected, !r.Kept() || math.Abs(r.InFlight-expected) <= littleLimit*r.InFlight
}

// AtMost reports whether the response times of an open loop are at least upper
// bounds of the server's: they are, void or not, as long as the books balance.
// A generator that is late, too busy or without its core makes them longer.
func (r *Result) AtMost() bool {
	_, holds := r.littlesLaw()
	return holds
}

// late reports whether a percentile of the response time is spoilt by that of
// the send lag.
func late(lag, response time.Duration) bool { return float64(lag) > lagLimit*float64(response) }

// MedianStands reports whether the median of an open loop's response times, and
// whether the rate was kept, say something about the server: if the run is not
// void, or for no other reason than that the generator was late with some
// requests, but not with half of them.
func (r *Result) MedianStands() bool {
	onlyLate := len(r.Void) == 1 && late(r.SendLag.P99, r.Response.P99)
	return len(r.Void) == 0 || onlyLate && !late(r.SendLag.P50, r.Response.P50)
}

func (r *Result) overCeiling() bool {
	return r.Generator.Ceiling > 0 && r.Rate > CeilingLimit*r.Generator.Ceiling
}

// Kept reports whether the server answered what was due, nearly. Where it did
// not, response times are those of a queue that grows, and depend on how long
// the run was.
func (r *Result) Kept() bool {
	return float64(r.Requests) >= keptShare*float64(r.Offered)
}

// Hidden returns the share of the requests in flight, 0 to 1, that waited
// longer than the window of a closed loop, and so are in no percentile: by
// Little's law rate × time is the number of those that did not.
func (r *Result) Hidden() float64 {
	inFlight := float64(r.Workload.Connections * r.Workload.Depth)
	if r.Workload.Open() || r.Rate == 0 {
		return 0
	}
	return max(0, 1-r.Rate*r.Response.Mean/1e9/inFlight)
}

// Remarks returns what is to be known about the figures, in sentences.
func (r *Result) Remarks() []string {
	var remarks []string
	add := func(format string, args ...any) { remarks = append(remarks, fmt.Sprintf(format, args...)) }
	for _, reason := range r.Void {
		add("VOID: %s.", reason)
	}
	if err := r.Errors.Err(); err != nil {
		add("%v", err)
	}
	if r.Unsent > 0 {
		add("%d requests that were due were never sent, and are in no percentile.", r.Unsent)
	}
	if r.Workload.Open() && !r.Kept() {
		add("The server did not keep the rate: of %d requests that were due, %d were answered in time. Response times are those of a queue that grows.",
			r.Offered, r.Requests)
	}
	if !r.Workload.Open() && r.Generator.Limited {
		reason := fmt.Sprintf("was busy for %.0f %% of the time", r.Generator.Busy*100)
		if r.overCeiling() {
			reason += fmt.Sprintf(", and reaches %.0f requests/s against a server that does next to nothing", r.Generator.Ceiling)
		}
		add("The generator %s: the server may be able to do more.", reason)
	}
	if !r.Workload.Open() && r.Generator.WaitedOver(runQueueLimit) {
		add("The generator waited for its core for %.0f %% of the time: something else runs here, and the figures are worse for it.", *r.Generator.RunQueue*100)
	}
	if hidden := r.Hidden(); hidden > littleLimit {
		add("%.0f %% of the requests in flight waited longer than was measured, and are in no percentile.", hidden*100)
	}
	return remarks
}
