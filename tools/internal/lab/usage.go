package lab

import "time"

// usage is what a process has used since it began, and what it has now.
type usage struct {
	cpu      time.Duration // user and system, all threads, ended ones too
	user     time.Duration // of it, by ticks
	system   time.Duration
	tasks    map[int]taskUsage // of the threads that are alive, by their number
	rss, pss int64             // bytes
	sockets  int64             // bytes
}

// taskUsage is what the kernel counts for each thread, and forgets with it.
type taskUsage struct {
	voluntary   int64 // context switches: it waited for something
	involuntary int64 // it was made to make room
	runQueue    time.Duration
}

// since is what the thread has used after that. Where there is less than before,
// it is another thread that was given the number of one that had ended.
func (after taskUsage) since(before taskUsage) taskUsage {
	if after.voluntary < before.voluntary || after.involuntary < before.involuntary || after.runQueue < before.runQueue {
		return after
	}
	return taskUsage{after.voluntary - before.voluntary, after.involuntary - before.involuntary, after.runQueue - before.runQueue}
}

// Resources is what a server used while it was measured.
type Resources struct {
	// CPU is user and system time, of all threads, ended ones and those that the
	// kernel has started for an io_uring too. User and System are its parts, as
	// the kernel's ticks tell them apart: good to 10 ms.
	CPU    time.Duration `json:"cpu_ns"`
	User   time.Duration `json:"cpu_user_ns"`
	System time.Duration `json:"cpu_system_ns"`
	// Voluntary (it waited) and Involuntary (it was made to make room) are
	// context switches, of the threads that were alive at the end. What one did
	// that ended meanwhile is not in them: a server ends no threads under a
	// steady load, and the kernel ends those of an io_uring that had nothing to
	// do for seconds.
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

// since compares thread by thread: a sum over those that are alive shrinks when
// one of them ends.
func (after usage) since(before usage) *Resources {
	r := &Resources{
		CPU:     after.cpu - before.cpu,
		User:    after.user - before.user,
		System:  after.system - before.system,
		Threads: len(after.tasks),
		RSS:     after.rss,
		PSS:     after.pss,
		Sockets: after.sockets,
	}
	for id, task := range after.tasks {
		used := task.since(before.tasks[id])
		r.Voluntary += used.voluntary
		r.Involuntary += used.involuntary
		r.RunQueue += used.runQueue
	}
	return r
}
