package load

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// overlapLimit is the least share of the longest window that all windows must have in
// common. Outside that time fewer generators loaded the server, so the times are those of
// a lower rate than the sum.
const overlapLimit = 0.9

// Part is the result of one of several generators that loaded a server at the same time.
type Part struct {
	Name   string // for reasons and errors
	Result Result
}

// MergeRuns returns the result of several generators that loaded one server at the same
// time, as if they were one:
//
//   - Rates, counts, connections and InFlight are sums, percentiles are those of all times
//     together, Fairness is that of all connections.
//   - Seconds and Window reach from the first window's beginning to the last one's end.
//   - Each of Generator's figures is the worst generator's; Ceiling is the sum, Touched has
//     the requests of all.
//   - Series is left out, because its steps begin at other moments on each machine.
//
// Void has the reasons of all parts, one more if the windows do not overlap by
// overlapLimit, and what pauses or lateness do to the percentiles of all times together.
//
// It returns an error if the parts cannot be one load: a workload differs in more than its
// connections and its rate, a run is there twice, or a part has no window.
func MergeRuns(parts []Part) (Result, error) {
	if len(parts) < 2 {
		return Result{}, errors.New("load: a merge needs at least two results")
	}
	for i, p := range parts {
		if err := p.Result.mergeable(); err != nil {
			return Result{}, fmt.Errorf("%s: %w", p.Name, err)
		}
		for _, other := range parts[:i] {
			if p.Result.same(&other.Result) {
				return Result{}, fmt.Errorf("%s and %s are the same run", other.Name, p.Name)
			}
		}
		if what := difference(parts[0].Result.Workload, p.Result.Workload); what != "" {
			return Result{}, fmt.Errorf("%s and %s are not parts of one load: %s", parts[0].Name, p.Name, what)
		}
	}
	sum := Result{Workload: parts[0].Result.Workload}
	sum.Workload.Connections, sum.Workload.Rate = 0, 0
	var squares float64
	for _, p := range parts {
		squares += sum.add(p)
	}
	if squares > 0 {
		sum.Fairness = float64(sum.Requests) * float64(sum.Requests) / (float64(sum.Workload.Connections) * squares)
	}
	if slices.ContainsFunc(parts, func(p Part) bool { return p.Result.Generator.Ceiling == 0 }) {
		sum.Generator.Ceiling = 0
	}
	sum.Seconds = sum.Window.Ended.Sub(sum.Window.Began).Seconds()
	for _, m := range []struct {
		to   *Times
		from func(*Result) Times
	}{
		{&sum.Response, func(r *Result) Times { return r.Response }},
		{&sum.Service, func(r *Result) Times { return r.Service }},
		{&sum.SendLag, func(r *Result) Times { return r.SendLag }},
		{&sum.Generator.Touched, func(r *Result) Times { return r.Generator.Touched }},
	} {
		var all []Times
		for i := range parts {
			all = append(all, m.from(&parts[i].Result))
		}
		var err error
		if *m.to, err = Merge(all...); err != nil {
			return Result{}, err
		}
	}
	if reason := apart(parts); reason != "" {
		sum.Void = append(sum.Void, reason)
	}
	if sum.Spoilt(99.9) {
		sum.Response.P999, sum.Service.P999 = 0, 0
	}
	if len(sum.Void) == 0 {
		for _, reason := range []string{sum.pauseReason(), sum.lateReason()} {
			if reason != "" {
				sum.Void = append(sum.Void, reason)
			}
		}
	}
	return sum, nil
}

// add adds all of a part but its times. It returns the sum, over the part's connections,
// of the squares of their replies.
func (r *Result) add(p Part) (squares float64) {
	q := p.Result
	r.Workload.Connections += q.Workload.Connections
	r.Workload.Rate += q.Workload.Rate
	r.Offered += q.Offered
	r.Requests += q.Requests
	r.Rate += q.Rate
	r.Wrong += q.Wrong
	r.Unsent += q.Unsent
	r.InFlight += q.InFlight
	r.InError += q.InError
	r.Served += q.Served
	r.Errors.Wrong += q.Errors.Wrong
	r.Errors.Broken += q.Errors.Broken
	r.Errors.TimedOut += q.Errors.TimedOut
	r.Errors.Unanswered += q.Errors.Unanswered
	if q.Errors.First != "" {
		r.Errors.First = cmp.Or(r.Errors.First, p.Name+": "+printable.Line(q.Errors.First))
	}
	for _, reason := range q.Void {
		r.Void = append(r.Void, p.Name+": "+printable.Line(reason))
	}
	if r.Window == nil {
		r.Window = &Window{Began: q.Window.Began, Ended: q.Window.Ended}
	}
	if q.Window.Began.Before(r.Window.Began) {
		r.Window.Began = q.Window.Began
	}
	if q.Window.Ended.After(r.Window.Ended) {
		r.Window.Ended = q.Window.Ended
	}
	g, of := &r.Generator, q.Generator
	g.CPU, g.RunQueue = larger(g.CPU, of.CPU), larger(g.RunQueue, of.RunQueue)
	g.Busy = max(g.Busy, of.Busy)
	g.Paused, g.LongestPause = max(g.Paused, of.Paused), max(g.LongestPause, of.LongestPause)
	g.Throttlings, g.Throttled = max(g.Throttlings, of.Throttlings), max(g.Throttled, of.Throttled)
	g.Ceiling += of.Ceiling
	g.Limited = g.Limited || of.Limited
	if q.Fairness == 0 {
		return 0
	}
	return float64(q.Requests) * float64(q.Requests) / (float64(q.Workload.Connections) * q.Fairness)
}

// larger returns the larger of two shares, of which nil is not known.
func larger(a, b *float64) *float64 {
	if a == nil || b != nil && *b > *a {
		return b
	}
	return a
}

// mergeable returns an error unless the result has a window, and numbers that can be
// summed. It may be from a file that something else wrote.
func (r *Result) mergeable() error {
	switch {
	case r.Seconds == 0:
		return errors.New("its run ended before its measurement")
	case r.Window == nil:
		return errors.New("it does not say when its measurement was: an older version wrote it")
	case !r.Window.Ended.After(r.Window.Began):
		return errors.New("its measurement ends before it begins: was the clock of its machine set meanwhile?")
	}
	const most = 1e15
	e, g := r.Errors, r.Generator
	for _, n := range []int64{
		r.Offered, r.Requests, r.Wrong, r.Unsent, int64(r.Served), int64(r.Workload.Connections) - 1, int64(r.Workload.Depth) - 1,
		e.Wrong, e.Broken, e.TimedOut, e.Unanswered, g.Throttlings, int64(g.Throttled), int64(g.Paused), int64(g.LongestPause),
	} {
		if n < 0 || n > most {
			return fmt.Errorf("a count of %d is out of range", n)
		}
	}
	for _, x := range []float64{r.Seconds, r.Rate, r.Workload.Rate, r.InFlight, r.InError, r.Fairness, g.Busy, g.Ceiling} {
		if !(x >= 0 && x <= most) {
			return fmt.Errorf("%v is out of range", x)
		}
	}
	return nil
}

// same reports whether two results are of one run. No two machines begin, and end, within
// the same nanosecond and measure the same times.
func (r *Result) same(other *Result) bool {
	return r.Window.Began.Equal(other.Window.Began) && r.Window.Ended.Equal(other.Window.Ended) && r.Response.Histogram == other.Response.Histogram
}

// difference says in what two workloads differ besides their connections and their rate;
// "": in nothing.
func difference(a, b Workload) string {
	loop := func(w Workload) string {
		if w.Open() {
			return "an open loop, " + string(w.Arrivals)
		}
		return "a closed loop"
	}
	requests := func(w Workload) string {
		if e := w.Exchanges; e != nil { // the file may have another name there
			return fmt.Sprintf("%d exchanges, after %d, of %d bytes at most", e.Repeated, e.Setup, e.Largest)
		}
		return w.Words()
	}
	for _, words := range []func(Workload) string{
		func(w Workload) string { return "protocol " + string(w.Protocol) },
		loop,
		func(w Workload) string { return fmt.Sprintf("%d in flight on a connection", w.Depth) },
		requests,
		func(w Workload) string { return fmt.Sprintf("%v of the requests are puts", w.Puts) }, // Words rounds
	} {
		if of, and := words(a), words(b); of != and {
			return fmt.Sprintf("%s, and %s", printable.Line(of), printable.Line(and))
		}
	}
	return ""
}

// apart says that the windows have too little time in common, or "".
func apart(parts []Part) string {
	w := parts[0].Result.Window
	began, ended, longest := w.Began, w.Ended, time.Duration(0)
	for _, p := range parts {
		w := p.Result.Window
		if w.Began.After(began) {
			began = w.Began
		}
		if w.Ended.Before(ended) {
			ended = w.Ended
		}
		longest = max(longest, w.Ended.Sub(w.Began))
	}
	common := max(0, ended.Sub(began))
	if common.Seconds() >= overlapLimit*longest.Seconds() {
		return ""
	}
	return fmt.Sprintf("the measurements have %.3gs of %.3gs in common, under %.0f %%: not all machines loaded the server at the same time, or their clocks differ",
		common.Seconds(), longest.Seconds(), overlapLimit*100)
}
