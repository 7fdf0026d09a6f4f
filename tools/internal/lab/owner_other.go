//go:build !unix

package lab

// foreign is not known here.
func foreign(string) error { return nil }
