package servercmd

import (
	"errors"
	"fmt"
	"net"
)

// CheckAddr returns an error if text, the value of the named flag or argument, cannot
// be a server's address. Then the command line is wrong (exit code 2). An address that
// is in use, or that does not exist, is a failure instead (1).
func CheckAddr(name, text string) error {
	_, port, err := net.SplitHostPort(text)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err == nil {
		return nil
	}
	if reason := new(net.AddrError); errors.As(err, &reason) {
		err = errors.New(reason.Err) // without a second copy of text
	}
	return fmt.Errorf("%s %q: %w: want host:port", name, text, err)
}

// LocalByDefault returns text, which CheckAddr has passed, with the host 127.0.0.1 if
// it names none. Package net would listen on all addresses.
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
