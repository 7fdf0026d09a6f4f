package results

import "time"

// Environment describes the machine and the programs.
type Environment struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	Kernel string `json:"kernel,omitempty"`
	CPU    string `json:"cpu,omitempty"`
	// Cores is the number of cores that the lab may use.
	Cores int `json:"cores"`
	// Pinned: the servers were bound to ServerCore, and the load to LoadCore.
	Pinned     bool `json:"pinned"`
	ServerCore int  `json:"server_core"`
	LoadCore   int  `json:"load_core"`
	// ServerProcs is GOMAXPROCS in the servers.
	ServerProcs int    `json:"server_gomaxprocs"`
	Go          string `json:"go"`
	// Revision is the version of the source, with "+" if it was changed. Empty if the
	// program was built without a version, as by go run.
	Revision string `json:"revision,omitempty"`
	// Steal is the share of the machine's CPU time, 0 to 1, that its host gave to others
	// during the run; nil if it is not known.
	Steal *float64 `json:"steal,omitempty"`
	// Others is the share that programs other than the lab and its servers used; nil if
	// it is not known.
	Others *float64 `json:"others,omitempty"`
	// Pauses are the pauses of a thread that does nothing but read the clock.
	Pauses Pauses `json:"pauses"`
}

// Pauses are the moments in which a thread that is always ready does not run, because
// of other threads, interrupts, or a virtual machine's host. The host's pauses may show
// nowhere else. No server's and no generator's times can be better.
type Pauses struct {
	// PerSecond is the number of pauses of pauseLeast or more.
	PerSecond float64 `json:"per_second"`
	// Share is the share of the time, 0 to 1, that the pauses took.
	Share   float64       `json:"share"`
	Median  time.Duration `json:"median_ns"`
	Longest time.Duration `json:"longest_ns"`
}
