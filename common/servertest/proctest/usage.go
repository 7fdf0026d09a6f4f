package proctest

import "time"

// usage is a process's use of resources.
type usage struct {
	cpu         time.Duration // since it began, user and system, all threads
	rss, peak   int64         // bytes; peak since resetPeak
	descriptors int
	stopped     bool // by a signal
	asleep      bool // every thread waits for something
}
