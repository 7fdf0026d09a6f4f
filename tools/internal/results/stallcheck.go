package results

import (
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// StallCheck is a server that was stopped (SIGSTOP) for a while under an open and a
// closed loop at the same time: the one has to show the stop, and the other
// hides it.
type StallCheck struct {
	Server string `json:"server"`
	// From is when it was stopped, from the windows' beginning, and Stopped
	// for how long.
	From    time.Duration `json:"from_ns"`
	Stopped time.Duration `json:"stopped_ns"`
	Open    load.Result   `json:"open"`
	Closed  load.Result   `json:"closed"`
}

// Shows reports whether the open loop shows the stop: a tenth of it or more in
// the p99.
func (p *StallCheck) Shows() bool { return p.Open.Response.P99 >= p.Stopped/10 }
