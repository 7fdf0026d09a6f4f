//go:build !linux

package servertest

// usage is known on Linux only; elsewhere the tests see no growth.
func usage() resources { return resources{} }
