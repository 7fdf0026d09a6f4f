//go:build !linux

package load

// readThread returns no figures: this system has no usable clock of a
// thread.
func readThread() thread { return thread{} }
