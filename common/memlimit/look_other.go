//go:build !linux && !darwin && !freebsd

package memlimit

// look returns 0: unknown.
func look() int64 { return 0 }
