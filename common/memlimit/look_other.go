//go:build !linux && !darwin && !freebsd

package memlimit

// look returns 0: it is not asked how much there is.
func look() int64 { return 0 }
