package lab

import "time"

// usage is what a process has used since it began, and what it has now.
type usage struct {
	cpu         time.Duration // user and system, all threads, ended ones too
	user        time.Duration // of it, by ticks
	system      time.Duration
	voluntary   int64 // context switches: it waited for something
	involuntary int64 // it was made to make room
	runQueue    time.Duration
	threads     int
	rss, pss    int64 // bytes
	sockets     int64 // bytes
}

// Resources is what a server used while it was measured.
type Resources struct {
	// CPU is user and system time, of all threads, ended ones too. User and
	// System are its parts, as the kernel's ticks tell them apart: good to
	// 10 ms.
	CPU    time.Duration `json:"cpu_ns"`
	User   time.Duration `json:"cpu_user_ns"`
	System time.Duration `json:"cpu_system_ns"`
	// Voluntary (it waited) and Involuntary (it was made to make room) are
	// context switches, of the threads that were alive at the end: a server
	// ends no threads under a steady load.
	Voluntary   int64 `json:"switches_voluntary"`
	Involuntary int64 `json:"switches_involuntary"`
	// RunQueue is how long its threads were ready to run and had no core,
	// added up.
	RunQueue time.Duration `json:"run_queue_ns"`
	// Threads, RSS and PSS are those at the end, the latter two in bytes. PSS
	// counts what processes share to each of them in part; 0 if it is not
	// known.
	Threads int   `json:"threads"`
	RSS     int64 `json:"rss_bytes"`
	PSS     int64 `json:"pss_bytes"`
	// Sockets is the memory that the kernel had given to TCP's buffers at the
	// end, in bytes: of the whole machine, both ends of each connection.
	Sockets int64 `json:"sockets_bytes"`
}

func (after usage) since(before usage) *Resources {
	return &Resources{
		CPU:         after.cpu - before.cpu,
		User:        after.user - before.user,
		System:      after.system - before.system,
		Voluntary:   after.voluntary - before.voluntary,
		Involuntary: after.involuntary - before.involuntary,
		RunQueue:    after.runQueue - before.runQueue,
		Threads:     after.threads,
		RSS:         after.rss,
		PSS:         after.pss,
		Sockets:     after.sockets,
	}
}
