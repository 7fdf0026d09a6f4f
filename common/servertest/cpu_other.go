//go:build !linux

package servertest

import "time"

// otherThreadsCPU returns no figure: this system does not tell the CPU time
// of a single thread.
func otherThreadsCPU() (used time.Duration, known bool) { return 0, false }
