package lab

import (
	"os"
	"runtime"
	"runtime/debug"
)

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
}

// clocks are CPU times of all cores together, in seconds, from one fixed
// moment on.
type clocks struct {
	total  float64
	busy   float64
	stolen float64 // by the host
	ours   float64 // the lab's, and that of its servers that have ended
}

// disturbed notes what the machine did between two readings besides the lab's
// work.
func (e *Environment) disturbed(before, after clocks) {
	total := after.total - before.total
	if total <= 0 {
		return
	}
	steal := (after.stolen - before.stolen) / total
	// Ticks here and exact times there: what is below nothing is nothing.
	others := max(0, (after.busy-before.busy)-(after.ours-before.ours)) / total
	e.Steal, e.Others = &steal, &others
}

// environment is asked for when the lab may be on one core already; procs was
// GOMAXPROCS before.
func environment(procs int, pins pinning) Environment {
	e := Environment{
		OS:          runtime.GOOS,
		Arch:        runtime.GOARCH,
		Kernel:      kernel(),
		CPU:         cpuModel(),
		Cores:       runtime.NumCPU(),
		Pinned:      pins.on,
		ServerCore:  pins.server,
		LoadCore:    pins.load,
		ServerProcs: procs,
		Go:          runtime.Version(),
	}
	if pins.on && os.Getenv("GOMAXPROCS") == "" {
		e.ServerProcs = 1 // the runtime counts the cores that it may use
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		e.Revision = revision(info.Settings)
	}
	return e
}

func revision(settings []debug.BuildSetting) string {
	var hash, changed string
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			hash = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+"
		}
	}
	if hash == "" {
		return ""
	}
	return hash + changed
}
