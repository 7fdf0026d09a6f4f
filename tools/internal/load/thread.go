package load

import "time"

// thread is what the generator's thread has used, and when that was.
type thread struct {
	at       time.Time
	cpu      *time.Duration // nil: not known on this system
	runQueue *time.Duration // could have run, but had no core; nil: not known
}

// since returns the shares of the time from then on that it ran, and that it
// could have run and had no core; nil: not known.
func (t thread) since(before thread) (cpu, runQueue *float64) {
	window := t.at.Sub(before.at)
	share := func(after, before *time.Duration) *float64 {
		if after == nil || before == nil || window <= 0 {
			return nil
		}
		return new((*after - *before).Seconds() / window.Seconds())
	}
	return share(t.cpu, before.cpu), share(t.runQueue, before.runQueue)
}
