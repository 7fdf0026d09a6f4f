package load

import (
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

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

// minBeyond is the number of requests that must lie beyond a reported
// percentile: with fewer, the figure would be chance.
const minBeyond = 10

// Reported reports whether count requests are enough for a percentile, which
// may have three decimals. It counts in whole thousandths of a percent, because
// in floats 100 - 99.9 is less than 0.1.
func Reported(count int64, percentile float64) bool {
	return count*Beyond(percentile) >= minBeyond*100_000
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
	sum := NewHistogram()
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
		return NewHistogram(), nil
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

// NewHistogram returns a histogram with timeDigits digits from a nanosecond on. It
// holds every time.Duration, so nothing is cut off: if the server does not keep
// the rate, response times grow as long as the run. That costs 440 KiB; a bound of
// a minute would cost 220.
func NewHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(1, math.MaxInt64, timeDigits)
}

// Record adds a time to a histogram of NewHistogram. A time of 0 counts as 1 ns,
// because the histogram cannot hold 0, and a clock may stand still.
func Record(h *hdrhistogram.Histogram, t time.Duration) {
	_ = h.RecordValue(max(1, t.Nanoseconds())) // it holds every time
}
