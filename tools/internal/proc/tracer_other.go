//go:build !linux

package proc

// Tracers returns none, because no cheap tracer of other processes exists here.
func Tracers() []Tracer { return nil }

func hasRings() bool { return false }
