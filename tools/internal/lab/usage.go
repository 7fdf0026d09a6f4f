package lab

import "time"

// usage is what a process has used since it began, and what it has now.
type usage struct {
	cpu         time.Duration // user and system, all threads, ended ones too
	voluntary   int64         // context switches: it waited for something
	involuntary int64         // it was made to make room
	threads     int
	rss         int64 // bytes
}

// Resources is what a server used while it was measured.
type Resources struct {
	// CPU is user and system time, of all threads.
	CPU time.Duration `json:"cpu_ns"`
	// Voluntary and Involuntary are context switches, of the threads that
	// were alive at the end: a server ends no threads under a steady load.
	Voluntary   int64 `json:"switches_voluntary"`
	Involuntary int64 `json:"switches_involuntary"`
	// Threads and RSS, in bytes, are those at the end.
	Threads int   `json:"threads"`
	RSS     int64 `json:"rss_bytes"`
}

func (after usage) since(before usage) *Resources {
	return &Resources{
		CPU:         after.cpu - before.cpu,
		Voluntary:   after.voluntary - before.voluntary,
		Involuntary: after.involuntary - before.involuntary,
		Threads:     after.threads,
		RSS:         after.rss,
	}
}
