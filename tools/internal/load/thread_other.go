//go:build !linux

package load

import "time"

// threadCPU: elsewhere getrusage tells of the whole process only, in which
// much else may be running.
func threadCPU() (cpu time.Duration, known bool) { return 0, false }
