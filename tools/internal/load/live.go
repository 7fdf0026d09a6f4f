package load

import "sync/atomic"

// Live is how far a run is, for whoever displays it: written by the generator,
// read by anyone at any time. The zero value is ready for use.
type Live struct {
	requests, errors, inFlight atomic.Int64
}

// Requests returns how many right replies there have been, warm-up included.
func (l *Live) Requests() int64 { return l.requests.Load() }

// Errors returns how many errors there have been.
func (l *Live) Errors() int64 { return l.errors.Load() }

// InFlight returns how many requests are due and not answered.
func (l *Live) InFlight() int64 { return l.inFlight.Load() }

func (l *Live) publish(g *generator) {
	l.requests.Store(g.requests)
	l.errors.Store(g.errors.Count())
	l.inFlight.Store(int64(g.outstanding))
}
