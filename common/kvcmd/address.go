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

// LocalByDefault returns the address of a server with this machine's alone where
// text, which CheckAddr has passed, names no host: package net would take all that
// there are.
func LocalByDefault(text string) string {
	if host, port, err := net.SplitHostPort(text); err == nil && host == "" {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return text
}

// Local reports whether only this machine reaches a listener with the address.
func Local(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
