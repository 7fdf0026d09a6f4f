package load

import (
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Result is the result of a run.
type Result struct {
	Workload Workload `json:"workload"`
	// Seconds is the length of the measured window.
	Seconds float64 `json:"seconds"`
	// Offered is the number of requests that were due in the window. In the
	// closed loop it equals Requests.
	Offered int64 `json:"offered"`
	// Requests is the number of right replies read in the window, and Rate is
	// Requests per second.
	Requests int64   `json:"requests"`
	Rate     float64 `json:"requests_per_second"`
	// Wrong is the number of wrong replies read in the window.
	Wrong int64 `json:"wrong"`
	// Unsent is the number of requests that were due in the window and had no
	// reply at the end of the run. Either they were not sent, because their
	// connections still waited for earlier replies or were broken, or their
	// replies had not come by then.
	Unsent int64 `json:"unsent"`

	// Response runs from the moment a request was due until its reply was read:
	// the wait of a user who arrives at his own time. A request that was due in
	// the window and has no reply is not in these times, but in Unsent or
	// Errors.
	Response Times `json:"response"`
	// Service runs from the moment the request was sent. In the closed loop it
	// equals Response.
	Service Times `json:"service"`
	// SendLag is how late the generator was: from the moment a request could be
	// sent (it was due, and its connection had room) until it was sent. Empty in
	// the closed loop.
	SendLag Times `json:"send_lag"`

	// InFlight is the average number of requests that were due and not answered,
	// over the window, as counted from moment to moment.
	InFlight float64 `json:"in_flight"`
	// InError is the part of InFlight that got a wrong reply in the end, or none
	// because the connection was given up.
	InError float64 `json:"in_flight_in_error"`
	// Served is the number of connections that got at least one reply.
	Served int `json:"served"`
	// Fairness is Jain's index of the connections' replies in the window: 1
	// if all got the same number, 1/n if one of n got them all.
	Fairness float64 `json:"fairness"`
	// Errors counts what went wrong.
	Errors Errors `json:"errors"`
	// Generator tells what the load generator itself used.
	Generator Generator `json:"generator"`
	// Series is the window in pieces of length Step, by the time when replies
	// were read. Step is SeriesStep, or longer if the window is longer than an
	// hour.
	Series []Step        `json:"series,omitempty"`
	Step   time.Duration `json:"series_step_ns,omitempty"`
	// Void lists the reasons why the run says nothing about the server; empty if
	// the run is valid. See judge.go and pause.go for the rules.
	Void []string `json:"void,omitempty"`
}

// SeriesStep is the shortest length of a Step.
const SeriesStep = 100 * time.Millisecond

// Step is a piece of the window.
type Step struct {
	Requests int64         `json:"requests"` // right replies
	Max      time.Duration `json:"max_ns"`   // the longest response time among them
}

// Generator is what the load generator's thread used in the window.
type Generator struct {
	// CPU is the share of a core that it used; nil: unknown on this system.
	CPU *float64 `json:"cpu,omitempty"`
	// Busy is the share of the time in which it had work. A spinning generator
	// is not busy while nothing happens; without spinning, Busy is CPU.
	Busy float64 `json:"busy"`
	// RunQueue is the share of the time in which it was ready to run but had to
	// wait for its core; nil: unknown on this system.
	RunQueue *float64 `json:"run_queue,omitempty"`
	// Paused is how long it did not run at all, in pauses of a millisecond or
	// more: stopped, without a core, or throttled. LongestPause is the longest.
	Paused       time.Duration `json:"paused_ns"`
	LongestPause time.Duration `json:"longest_pause_ns"`
	// Touched has an entry for each request that was in the system during such a
	// pause, became due in it, or queued behind those: the length of the pause.
	Touched Times `json:"touched"`
	// Throttlings is how often its cgroup, or one above, used up its CPU quota.
	// Throttled is how long the quota kept the group's threads from running, summed
	// over the cores. 0: it did not, or that is unknown on this system.
	Throttlings int64         `json:"throttlings"`
	Throttled   time.Duration `json:"throttled_ns"`
	// Ceiling is the rate that it reaches against a server that does next to
	// nothing; absent: unknown, because no generator reaches 0.
	Ceiling float64 `json:"ceiling,omitempty"`
	// Limited: it was busier than GeneratorLimit, or above CeilingLimit of its
	// ceiling. Then the rate of a closed loop is only a lower bound of the
	// server's capacity.
	Limited bool `json:"limited"`
}

// WaitedOver reports whether it is known to have waited for its core for more
// than the share limit of the time.
func (g Generator) WaitedOver(limit float64) bool { return g.RunQueue != nil && *g.RunQueue > limit }

// Times is a distribution of times, in ns. A percentile with fewer than ten
// requests beyond it would be chance, and is 0 (see Reported).
type Times struct {
	Count int64         `json:"count"`
	Mean  float64       `json:"mean_ns"`
	P50   time.Duration `json:"p50_ns"`
	P90   time.Duration `json:"p90_ns"`
	P99   time.Duration `json:"p99_ns"`
	P999  time.Duration `json:"p99_9_ns"`
	Max   time.Duration `json:"max_ns"`
	// Histogram holds all the times: HdrHistogram's V2 encoding, compressed, in
	// base64. Empty if there are no times.
	Histogram string `json:"histogram,omitempty"`
}

func (g *generator) result() (Result, error) {
	w := g.window
	r := Result{
		Workload: g.cfg.Workload,
		Seconds:  (w.ended - w.began).Seconds(),
		Offered:  w.offered,
		Requests: w.requests,
		Wrong:    w.wrong,
		Unsent:   g.unsent(),
		Errors:   g.errors,
		Series:   w.series,
		Step:     w.step,
	}
	if !g.cfg.Open() {
		r.Offered = r.Requests
	}
	if r.Seconds > 0 {
		r.Rate = float64(r.Requests) / r.Seconds
		r.InFlight = w.area / float64((w.ended - w.began).Nanoseconds())
		r.InError = w.inError / float64((w.ended - w.began).Nanoseconds())
		r.Generator.CPU, r.Generator.RunQueue = w.cpu, w.runQueue
		if g.cfg.Open() || w.cpu == nil {
			r.Generator.Busy = w.busy.Seconds() / r.Seconds
		} else {
			r.Generator.Busy = *w.cpu
		}
		r.Generator.Ceiling = g.cfg.Ceiling
		r.Generator.Limited = r.Generator.Busy > GeneratorLimit || r.overCeiling()
	}
	var sum, squares float64
	for _, c := range g.conns {
		if c.answered > 0 {
			r.Served++
		}
		sum += float64(c.counted)
		squares += float64(c.counted) * float64(c.counted)
	}
	if squares > 0 {
		r.Fairness = sum * sum / (float64(len(g.conns)) * squares)
	}
	var err error
	if r.Response, err = Summarize(w.response); err != nil {
		return r, err
	}
	if r.Service, err = Summarize(w.service); err != nil {
		return r, err
	}
	if r.SendLag, err = Summarize(w.lag); err != nil {
		return r, err
	}
	r.Generator.Paused, r.Generator.LongestPause = g.pauses.total, g.pauses.longest
	r.Generator.Throttlings, r.Generator.Throttled = w.throttled.times, w.throttled.total
	if r.Generator.Touched, err = Summarize(w.touched); err != nil {
		return r, err
	}
	r.leaveOut()
	r.Void = r.judge()
	return r, nil
}

// fewest is the number of requests that must lie beyond a reported
// percentile: with fewer, the figure would be chance.
const fewest = 10

// Reported reports whether count requests are enough for a percentile, which
// may have three decimals. It counts in whole thousandths of a percent, because
// in floats 100 - 99.9 is less than 0.1.
func Reported(count int64, percentile float64) bool {
	return count*Beyond(percentile) >= fewest*100_000
}

// Beyond returns how many of 100,000 requests lie beyond a percentile.
func Beyond(percentile float64) int64 { return 100_000 - int64(math.Round(percentile*1000)) }

// Summarize returns the times that a histogram of ns holds.
func Summarize(h *hdrhistogram.Histogram) (Times, error) {
	t := Times{Count: h.TotalCount()}
	if t.Count == 0 {
		return t, nil
	}
	at := func(percentile float64) time.Duration {
		if !Reported(t.Count, percentile) {
			return 0
		}
		return time.Duration(h.ValueAtPercentile(percentile))
	}
	t.Mean, t.Max = h.Mean(), time.Duration(h.Max())
	t.P50, t.P90, t.P99, t.P999 = at(50), at(90), at(99), at(99.9)
	encoded, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return t, fmt.Errorf("load: histogram: %w", err)
	}
	t.Histogram = string(encoded)
	return t, nil
}

// at returns a percentile of Times; ok is false if it is unknown.
func (t *Times) at(percentile float64) (value time.Duration, ok bool) {
	switch percentile {
	case 50:
		value = t.P50
	case 90:
		value = t.P90
	case 99:
		value = t.P99
	case 99.9:
		value = t.P999
	case 100:
		value = t.Max
	}
	return value, value > 0
}

// Merge returns the times of several runs together. It adds their
// histograms, because percentiles cannot be averaged.
func Merge(all ...Times) (Times, error) {
	sum := newHistogram()
	for _, t := range all {
		if t.Histogram == "" {
			continue
		}
		h, err := t.Decode()
		if err != nil {
			return Times{}, err
		}
		sum.Merge(h)
	}
	return Summarize(sum)
}

// Decode returns the histogram. It refuses one with more digits than Times have,
// because it might take much more memory.
func (t Times) Decode() (*hdrhistogram.Histogram, error) {
	if t.Histogram == "" {
		return newHistogram(), nil
	}
	h, err := hdrhistogram.Decode([]byte(t.Histogram))
	if err != nil {
		return nil, fmt.Errorf("load: histogram: %w", err)
	}
	if h.SignificantFigures() > timeDigits {
		return nil, fmt.Errorf("load: histogram: it has %d digits, the most is %d", h.SignificantFigures(), timeDigits)
	}
	return h, nil
}

// timeDigits is the number of significant digits of times.
const timeDigits = 3

// newHistogram returns a histogram with timeDigits digits from a nanosecond on. It
// holds every time.Duration, so nothing is cut off: if the server does not keep
// the rate, response times grow as long as the run. That costs 440 KiB; a bound of
// a minute would cost 220.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, math.MaxInt64, timeDigits)
}
