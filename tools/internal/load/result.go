package load

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// GeneratorLimit is the share of its core above which the generator may have
// been the limit: the server could have done more.
const GeneratorLimit = 0.8

// Result is what a run has found out.
type Result struct {
	// Seconds is how long the measured window was.
	Seconds float64 `json:"seconds"`
	// Requests is the number of right replies that came in the window.
	Requests int64 `json:"requests"`
	// Rate is Requests per second.
	Rate float64 `json:"requests_per_second"`
	// Latency is of those requests.
	Latency Latency `json:"latency"`
	// InFlight is Rate times the mean latency: by Little's law the number of
	// requests that were in flight on average. Where it is less than
	// Connections times Depth, the others waited longer than the window.
	InFlight float64 `json:"in_flight"`
	// Histogram holds all latencies in ns: HdrHistogram's V2 encoding,
	// compressed, in base64.
	Histogram string `json:"histogram,omitempty"`
	// Served is the number of connections that got a reply at all.
	Served int `json:"served"`
	// Fairness is Jain's index of the connections' replies in the window: 1
	// if all got the same number, 1/n if one of n got them all.
	Fairness float64 `json:"fairness"`
	// Errors counts what went wrong.
	Errors Errors `json:"errors"`
	// GeneratorCPU is the share of a core that the generator's thread used in
	// the window. 0: not known on this system.
	GeneratorCPU float64 `json:"generator_cpu,omitempty"`
	// GeneratorLimited: the generator was above GeneratorLimit, so Rate is a
	// lower bound of what the server can do.
	GeneratorLimited bool `json:"generator_limited"`
}

// Latency is a distribution's summary, in ns. A percentile that fewer than ten
// requests lie beyond would be chance, and is 0.
type Latency struct {
	P50  time.Duration `json:"p50_ns"`
	P90  time.Duration `json:"p90_ns"`
	P99  time.Duration `json:"p99_ns"`
	P999 time.Duration `json:"p99_9_ns"`
	Max  time.Duration `json:"max_ns"`
}

func summarize(h *hdrhistogram.Histogram) Latency {
	at := func(percentile float64) time.Duration {
		if beyond := float64(h.TotalCount()) * (100 - percentile) / 100; beyond < 10 {
			return 0
		}
		return time.Duration(h.ValueAtPercentile(percentile))
	}
	return Latency{P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: time.Duration(h.Max())}
}

func (g *generator) result() (Result, error) {
	w := g.window
	r := Result{
		Requests: w.requests,
		Latency:  summarize(w.latency),
		Errors:   g.errors,
		Seconds:  (w.ended - w.began).Seconds(),
	}
	if r.Seconds > 0 {
		r.Rate = float64(r.Requests) / r.Seconds
		r.InFlight = r.Rate * w.latency.Mean() / 1e9
		r.GeneratorCPU = w.cpu.Seconds() / r.Seconds
		r.GeneratorLimited = r.GeneratorCPU > GeneratorLimit
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
	encoded, err := w.latency.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		return r, fmt.Errorf("load: histogram: %w", err)
	}
	r.Histogram = string(encoded)
	return r, nil
}
