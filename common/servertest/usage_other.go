//go:build !linux

package servertest

// usage is known only on Linux; elsewhere the tests see no growth.
func usage() resources { return resources{} }
