// Package meter reads from the kernel how a thread and a control group fared: the time
// that the generator's thread ran and waited for a core, and the time that the group was
// throttled.
package meter

import "time"

// Thread is what the generator's thread has used up to a time.
type Thread struct {
	at       time.Time
	cpu      *time.Duration // nil: unknown on this system
	runQueue *time.Duration // was ready to run, but had no core; nil: unknown
}

// Since returns the shares of the time since before in which the thread ran,
// and in which it was ready to run and had no core; nil: unknown.
func (t Thread) Since(before Thread) (cpu, runQueue *float64) {
	window := t.at.Sub(before.at)
	share := func(after, before *time.Duration) *float64 {
		if after == nil || before == nil || window <= 0 {
			return nil
		}
		return new((*after - *before).Seconds() / window.Seconds())
	}
	return share(t.cpu, before.cpu), share(t.runQueue, before.runQueue)
}
