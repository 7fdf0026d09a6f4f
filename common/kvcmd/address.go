package kvcmd

import (
	"errors"
	"fmt"
	"net"
)

// CheckAddr returns an error if text, which the named flag or argument holds,
// can be the address of no server: then the command line is wrong (exit code 2),
// while an address that is taken, or that no host has, is a failure (1).
func CheckAddr(name, text string) error {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err == nil {
		return nil
	}
	if reason := new(net.AddrError); errors.As(err, &reason) {
		err = errors.New(reason.Err) // without the text once more
	}
	return fmt.Errorf("%s %q: %w: want host:port", name, text, err)
}
