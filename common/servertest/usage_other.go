//go:build !linux

package servertest

import "time"

// usage is known only on Linux; elsewhere the tests see no growth.
func usage() resources { return resources{} }

// otherThreadsCPU returns no figure: this system does not tell the CPU time
// of a single thread.
func otherThreadsCPU() (used time.Duration, known bool) { return 0, false }
