package results

import (
	"cmp"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// StallCheck is a server that was stopped (SIGSTOP) for a while, under an open and a
// closed loop at the same time. The open loop must show the stop; the closed loop hides
// it.
type StallCheck struct {
	Server string `json:"server"`
	// From is when the server was stopped, since the windows' beginning, and Stopped for
	// how long.
	From    time.Duration `json:"from_ns"`
	Stopped time.Duration `json:"stopped_ns"`
	Open    load.Result   `json:"open"`
	Closed  load.Result   `json:"closed"`
}

// Shows reports whether the open loop shows the stop: its p99 is a tenth of the stop or
// more. Where too few requests were answered for a p99, the longest time decides.
func (p *StallCheck) Shows() bool {
	return cmp.Or(p.Open.Response.P99, p.Open.Response.Max) >= p.Stopped/10
}
