package results

import "time"

// Environment is where the figures come from.
type Environment struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Kernel string `json:"kernel,omitempty"`
	CPU    string `json:"cpu,omitempty"`
	// Cores is how many the lab may use.
	Cores int `json:"cores"`
	// Pinned: the servers had ServerCore to themselves, and the load LoadCore.
	Pinned     bool `json:"pinned"`
	ServerCore int  `json:"server_core"`
	LoadCore   int  `json:"load_core"`
	// ServerProcs is GOMAXPROCS in the servers.
	ServerProcs int    `json:"server_gomaxprocs"`
	Go          string `json:"go"`
	// Revision is the version of the source, "+" if it was changed. Empty if
	// the program was built without it, as by go run.
	Revision string `json:"revision,omitempty"`
	// Steal is the share of the machine's CPU time during the run that its
	// host gave to others, 0 to 1; nil if it is not known.
	Steal *float64 `json:"steal,omitempty"`
	// Others is the share that was used by programs other than the lab and
	// its servers; nil if it is not known.
	Others *float64 `json:"others,omitempty"`
	// Pauses is what a thread sees of the machine that does nothing but look
	// at the clock.
	Pauses Pauses `json:"pauses"`
}

// Pauses are the moments in which a thread that is always ready to run does not:
// other threads, interrupts, and on a virtual machine its host, which may tell
// of that nowhere else. No server's and no generator's times can be better.
type Pauses struct {
	// PerSecond is how often there was one of pauseLeast or more.
	PerSecond float64 `json:"per_second"`
	// Share is how much of the time they took together, 0 to 1.
	Share   float64       `json:"share"`
	Median  time.Duration `json:"median_ns"`
	Longest time.Duration `json:"longest_ns"`
}
