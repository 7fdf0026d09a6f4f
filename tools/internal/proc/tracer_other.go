//go:build !linux

package proc

// Tracers: there is none here that may look at another process and costs little.
func Tracers() []Tracer { return nil }

func hasRings() bool { return false }
