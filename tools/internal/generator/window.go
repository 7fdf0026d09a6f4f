package generator

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/ioflavors/ioflavors/tools/internal/generator/meter"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// window is the measured part of a run.
type window struct {
	open         bool
	began, ended time.Duration // by the generator's clock
	// The same two moments by the wall clock. The difference may be another one, because
	// that clock may be set.
	beganAt, endedAt time.Time
	// How long the caller's Begin and End ran: just before the window began, and
	// just after it ended. Nothing was sent or read meanwhile.
	beginPause, endPause time.Duration

	response, service, lag *hdrhistogram.Histogram // ns
	// touched has an entry for each request that was in the system during a
	// pause of the generator, became due in it, or queued behind those: the
	// length of the pause, in ns.
	touched *hdrhistogram.Histogram

	series          []load.Step
	step            time.Duration // the length of each step
	requests, wrong int64         // replies within the window, right and wrong
	offered, unsent int64         // of the open loop

	// These are counted from the start of the run, and begin again with the
	// window.
	busy        time.Duration // had work, up to the window's end
	inFlightSum float64       // requests that were due and not answered × ns
	inError     float64       // the part of inFlightSum whose requests got a wrong reply or none, in ns
	tallied     time.Duration // inFlightSum is counted up to this time
	thread      meter.Thread

	cpu, runQueue *float64         // the thread's shares of the window
	throttled     meter.Throttling // within the window
}

func newWindow(length time.Duration) *window {
	step := load.SeriesStep
	for length > maxSteps*step {
		step *= 2
	}
	return &window{
		response: load.NewHistogram(), service: load.NewHistogram(), lag: load.NewHistogram(), touched: load.NewHistogram(),
		series: make([]load.Step, max(1, (length+step-1)/step)), step: step,
	}
}

// maxSteps bounds the series' memory. It is an hour of the shortest steps; a
// longer window has longer steps.
const maxSteps = 36_000

func (w *window) begin(paused, now time.Duration) {
	w.open, w.began, w.beginPause = true, now, now-paused
	w.beganAt = time.Now().UTC().Round(0) // as JSON has it
	w.busy, w.inFlightSum, w.inError, w.tallied = 0, 0, 0, now
	w.thread = meter.ReadThread()
}

func (w *window) end(now time.Duration) {
	w.open, w.ended = false, now
	w.endedAt = time.Now().UTC().Round(0) // as JSON has it
	w.cpu, w.runQueue = meter.ReadThread().Since(w.thread)
	w.series = w.series[:min(len(w.series), int((now-w.began+w.step-1)/w.step))]
}

// count counts a right reply. In the closed loop a reply belongs to the window
// if it was read in it. In the open loop it belongs to the window if its
// request was due in it, however late the reply: leaving out the late ones
// would omit just the effect of a stall.
func (w *window) count(r request, now time.Duration, open bool) {
	response, service := now-r.due, now-r.sent
	if w.open {
		if r.sent < w.began {
			service -= w.beginPause // not the server's fault
		}
		if r.due < w.began {
			response -= w.beginPause
		}
		w.requests++
		// The window may end a little later than planned.
		s := &w.series[min(int((now-w.began)/w.step), len(w.series)-1)]
		s.Requests++
		s.Max = max(s.Max, response)
	}
	switch {
	case open && (r.due < w.began || w.began == 0 || w.ended > 0 && r.due >= w.ended):
		return
	case !open && !w.open:
		return
	}
	if w.ended > 0 {
		// The last requests were sent between ended and the call of End, which endPause
		// includes.
		response = max(response-w.endPause, w.ended-r.due)
		if resumed := w.ended + w.endPause; r.sent < resumed {
			service = max(service-(resumed-max(r.sent, w.ended)), w.ended-r.sent, 0)
		}
	}
	load.Record(w.response, response)
	load.Record(w.service, service)
}

// countWrong counts a wrong reply read in the window. It ends a wait, as a
// right one does.
func (w *window) countWrong(r request, now time.Duration) {
	if !w.open {
		return
	}
	w.wrong++
	wait := now - r.due
	if r.due < w.began {
		wait -= w.beginPause
	}
	w.inError += float64(wait)
}

// countLost counts a request that is given up within the window. Part of its wait
// may have been before the window.
func (w *window) countLost(due, now time.Duration) {
	if w.open {
		w.inError += float64(now - max(due, w.began))
	}
}

// countLag counts how late a request is sent, from the moment it was due and
// its connection had room (roomAt).
func (w *window) countLag(r request, roomAt time.Duration) {
	if w.began == 0 || r.due < w.began {
		return
	}
	lag := r.sent - max(r.due, roomAt)
	if w.ended > 0 && roomAt < w.ended {
		lag = max(0, lag-w.endPause)
	}
	load.Record(w.lag, lag)
}
