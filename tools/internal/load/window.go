package load

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// window is the part of a run that is measured.
type window struct {
	open         bool
	began, ended time.Duration // by the generator's clock
	pause        time.Duration // just before it began nothing was sent or read
	cpu          time.Duration // of the generator's thread: at began, later within the window
	cpuKnown     bool
	latency      *hdrhistogram.Histogram // ns
	requests     int64                   // replies that came within the window, right ones
}

// The histogram's figures are good to three digits from a nanosecond on.
func newWindow() *window {
	return &window{latency: hdrhistogram.New(1, maxTimeout.Nanoseconds(), 3)}
}

func (w *window) begin(paused, now time.Duration) {
	w.open, w.began, w.pause = true, now, now-paused
	w.cpu, w.cpuKnown = threadCPU()
}

func (w *window) end(now time.Duration) {
	w.open, w.ended = false, now
	if w.cpuKnown {
		cpu, _ := threadCPU()
		w.cpu = cpu - w.cpu
	}
}

// count counts a right reply.
func (w *window) count(sent, now time.Duration) {
	w.requests++
	took := now - sent
	if sent < w.began {
		took -= w.pause // which is no fault of the server's
	}
	// The histogram can hold everything that is no timeout. A clock that
	// stood still would give 0.
	_ = w.latency.RecordValue(max(1, min(int64(took), maxTimeout.Nanoseconds())))
}
