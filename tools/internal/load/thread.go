package load

import "time"

// thread is what the generator's thread has used.
type thread struct {
	cpu      time.Duration
	runQueue time.Duration // could have run, but had no core
	known    bool          // cpu is

	runQueueKnown bool
}

func (t thread) since(before thread) thread {
	t.cpu -= before.cpu
	t.runQueue -= before.runQueue
	t.known = t.known && before.known
	t.runQueueKnown = t.runQueueKnown && before.runQueueKnown
	return t
}
