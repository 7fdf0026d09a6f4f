package generator

import "sync/atomic"

// Live is the progress of a run, for a display. The generator writes it; any
// goroutine may read it at any time. The zero value is ready for use.
type Live struct {
	requests, errors, inFlight atomic.Int64
}

// Requests returns the number of right replies so far, warm-up included.
func (l *Live) Requests() int64 { return l.requests.Load() }

// Errors returns the number of errors so far.
func (l *Live) Errors() int64 { return l.errors.Load() }

// InFlight returns the number of requests that are due and not answered.
func (l *Live) InFlight() int64 { return l.inFlight.Load() }

func (l *Live) publish(g *generator) {
	l.requests.Store(g.requests)
	l.errors.Store(g.errors.Count())
	l.inFlight.Store(int64(g.outstanding))
}
