//go:build !linux

package meter

// ReadThread returns no figures: this system has no usable clock of a
// thread.
func ReadThread() Thread { return Thread{} }
