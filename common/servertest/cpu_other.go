//go:build !linux

package servertest

import "time"

// otherThreadsCPU: other systems do not tell what a single thread has used.
func otherThreadsCPU() (used time.Duration, known bool) { return 0, false }
