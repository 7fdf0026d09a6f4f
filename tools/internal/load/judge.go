package load

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// The limits beyond which a run is void. They are conventions, small enough
// that the generator's effect on the figures is small beside the server's.
const (
	// GeneratorLimit is the share of its core above which the generator may have
	// been the bottleneck.
	GeneratorLimit = 0.8
	// CeilingLimit is the share of its ceiling above which the generator may
	// have been the bottleneck.
	CeilingLimit = 0.7
	// runQueueLimit is the largest share of the time that the generator may wait
	// for its core.
	runQueueLimit = 0.05
	// throttledLimit is the largest share of the time that its cgroup may be
	// throttled.
	throttledLimit = 0.05
	// lagLimit is the largest part of the reported p99 that may be the
	// generator's own lateness, by p99.
	lagLimit = 0.1
	// littleLimit is the largest relative difference between the number of
	// requests in the system and rate × time in it.
	littleLimit = 0.05
	// keptShare is the share of the due requests that a server must answer to
	// have kept the rate.
	keptShare = 0.99
)

// Judge sets the fields that follow from the others: Void, Generator.Limited, and a
// p99.9 of 0 if pauses of the generator may have made it.
func (r *Result) Judge() {
	r.Generator.Limited = r.Generator.Busy > GeneratorLimit || r.overCeiling()
	if r.Spoilt(99.9) {
		r.Response.P999, r.Service.P999 = 0, 0
	}
	r.Void = r.void()
}

// void returns the reasons why the run says nothing about the server. A closed
// loop has no due times, so it cannot be late; Generator.Limited and Hidden
// show what else may be wrong with it.
func (r *Result) void() []string {
	var void []string
	add := func(reason string, args ...any) { void = append(void, fmt.Sprintf(reason, args...)) }
	if reason := r.pauseReason(); reason != "" {
		add("%s", reason)
	}
	if r.throttled() {
		add("%s", r.quota())
	}
	if !r.Workload.Open() {
		return void
	}
	if reason := r.lateReason(); reason != "" {
		add("%s", reason)
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

func (r *Result) throttled() bool { return r.Generator.Throttled.Seconds() > throttledLimit*r.Seconds }

// quota says how much a CPU quota kept the generator from running.
func (r *Result) quota() string {
	return fmt.Sprintf("the generator's cgroup used up its CPU quota %d times, and was throttled for %v of %.3gs (summed over its cores)",
		r.Generator.Throttlings, r.Generator.Throttled.Round(time.Microsecond), r.Seconds)
}

// accounted returns the average number of requests in the system, counting only
// requests that left the system in the window: for right replies it is rate × time,
// by Little's law, and for the others the counted number.
func (r *Result) accounted() float64 { return r.Rate*r.Response.Mean/1e9 + r.InError }

// littlesLaw returns the number of requests that should have been in the system,
// and whether the counted number agrees. If the server did not keep the rate,
// the law counts as holding, because a growing queue is in no steady state.
func (r *Result) littlesLaw() (expected float64, holds bool) {
	expected = r.accounted()
	return expected, !r.Kept() || math.Abs(r.InFlight-expected) <= littleLimit*r.InFlight
}

// AtMost reports whether the response times of an open loop are at least upper
// bounds of the server's. They are, even in a void run, if Little's law holds,
// because a generator that is late, too busy or without its core only makes
// them longer.
func (r *Result) AtMost() bool {
	_, holds := r.littlesLaw()
	return holds
}

// late reports whether the send lag spoils a percentile of the response time.
func late(lag, response time.Duration) bool { return float64(lag) > lagLimit*float64(response) }

// lateReason says that the send lag spoils the p99, or "".
func (r *Result) lateReason() string {
	if lag, p99 := r.SendLag.P99, r.Response.P99; late(lag, p99) {
		return fmt.Sprintf("the generator was late: %v by p99, over %.0f %% of the response time's %v", format.Latency(lag), lagLimit*100, format.Latency(p99))
	}
	return ""
}

// MedianStands reports whether two figures of an open loop say something about the
// server: the median response time, and whether the rate was kept. They do if the
// run is valid, or void only for these reasons: the generator was late with some
// requests, but with fewer than half of them; or it paused, but not for long
// enough to have made the median or to have missed the rate.
func (r *Result) MedianStands() bool {
	spared := 0
	if late(r.SendLag.P99, r.Response.P99) && !late(r.SendLag.P50, r.Response.P50) {
		spared++
	}
	missed := !r.Kept() && r.Generator.Paused.Seconds() > (1-keptShare)*r.Seconds
	if r.pauseReason() != "" && r.Response.P50 > 0 && !r.Spoilt(50) && !missed {
		spared++
	}
	return len(r.Void) <= spared
}

func (r *Result) overCeiling() bool {
	return r.Generator.Ceiling > 0 && r.Rate > CeilingLimit*r.Generator.Ceiling
}

// Kept reports whether the server answered nearly all due requests, rightly or
// not. If it did not, response times are those of a growing queue, and depend on
// the length of the run.
func (r *Result) Kept() bool {
	return float64(r.Requests+r.Wrong) >= keptShare*float64(r.Offered)
}

// Hidden returns the share of the requests in flight, 0 to 1, that waited longer
// than the window of a closed loop, and so are in no percentile. These are the
// requests that neither a reply, right or wrong, nor the end of a connection
// accounts for.
func (r *Result) Hidden() float64 {
	if r.Workload.Open() || r.Seconds == 0 { // all connections ended before the window
		return 0
	}
	inFlight := cmp.Or(r.InFlight, float64(r.Workload.Connections*r.Workload.Depth))
	return max(0, 1-r.accounted()/inFlight)
}

// notKept says that the rate was not kept. It blames the server only if no other
// explanation is known.
func (r *Result) notKept() string {
	count := fmt.Sprintf("of %d requests that were due, %d were answered in time", r.Offered, r.Requests+r.Wrong)
	switch {
	case len(r.Void) > 0:
		return fmt.Sprintf("The rate was not kept: %s. The run is void, so it may have been the generator that did not keep it.", count)
	case r.Errors.Broken+r.Errors.TimedOut > 0:
		return fmt.Sprintf("The rate was not kept: %s. Connections broke or timed out, and the requests due on them were not sent.", count)
	default:
		return fmt.Sprintf("The server did not keep the rate: %s. Response times are those of a queue that grows.", count)
	}
}

// Remarks returns what a reader must know about the figures, in sentences.
func (r *Result) Remarks() []string {
	var remarks []string
	add := func(format string, args ...any) { remarks = append(remarks, fmt.Sprintf(format, args...)) }
	for _, reason := range r.Void {
		add("VOID: %s.", reason)
	}
	if r.Generator.Throttled > 0 && !r.throttled() {
		add("Note: %s.", r.quota())
	}
	if Reported(r.Response.Count, 99.9) && r.Response.P999 == 0 {
		add("The p99.9 is left out: %s, which may have made it.", r.didNotRun())
	}
	if pause := r.Generator.LongestPause; len(r.Void) == 0 && r.Response.Count > 0 && float64(pause) > pauseLimit*float64(r.Response.Max) {
		add("The generator itself did not run for %v at a time: the longest response time may be its own.", pause.Round(time.Microsecond))
	}
	if err := r.Errors.Err(); err != nil {
		add("%v", err)
	}
	if r.Unsent > 0 {
		add("%d requests that were due were never sent, or had no reply when the run was over, and are in no percentile.", r.Unsent)
	}
	if r.Workload.Open() && !r.Kept() {
		add("%s", r.notKept())
	}
	if !r.Workload.Open() && r.Generator.Limited {
		reason := fmt.Sprintf("was busy for %.0f %% of the time", r.Generator.Busy*100)
		if r.overCeiling() {
			reason += fmt.Sprintf(", and reaches %.0f requests/s against a server that does next to nothing", r.Generator.Ceiling)
		}
		add("The generator %s: the server may be able to do more.", reason)
	}
	if !r.Workload.Open() && r.Generator.WaitedOver(runQueueLimit) {
		why := "another program runs here"
		if r.Generator.Throttled > 0 {
			why = "another program runs here, or its CPU quota was used up"
		}
		add("The generator waited for its core for %.0f %% of the time: %s, and the figures are worse for it.", *r.Generator.RunQueue*100, why)
	}
	if hidden := r.Hidden(); hidden > littleLimit {
		add("%.0f %% of the requests in flight waited longer than the measurement took, and are in no percentile.", hidden*100)
	}
	return remarks
}
