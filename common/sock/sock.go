// Package sock does non-blocking I/O on descriptors, for the models that wait
// by themselves instead of letting package net do it. It also has blocking
// calls on descriptors.
//
// It handles EINTR and EAGAIN of all calls on sockets: it repeats an
// interrupted call, and returns ErrWouldBlock for a call that would have to
// wait. Other errors name their system call. A model that waits with a system
// call of its own, such as a poller's, handles these errors there. On systems
// without these calls a stub lets programs compile.
//
// The kernel that gets the calls can be replaced (Calls): package fakekernel is
// a hostile one for tests.
package sock

import (
	"errors"
	"net"
	"net/netip"
)

// Kernel has the system calls that a non-blocking server needs. They return the
// system's errors unchanged: a unix.Errno, EINTR and EAGAIN included.
type Kernel interface {
	// Listen takes over ln's listening socket: it returns a non-blocking
	// descriptor for it and closes ln.
	Listen(ln net.Listener) (fd int, err error)
	// Accept returns a non-blocking descriptor that other programs do not
	// inherit.
	Accept(listener int) (fd int, err error)
	// Read reads the bytes that are there; Write writes as many as there is
	// room for.
	Read(fd int, p []byte) (int, error)
	Write(fd int, p []byte) (int, error)
	// CloseWrite shuts down the sending half.
	CloseWrite(fd int) error
	Close(fd int) error
	// Tune sets the options of a connection that Accept has not accepted.
	Tune(fd int)
	// Peer returns the address of a connection's client. It is invalid if the
	// client has no address, or has left.
	Peer(fd int) netip.Addr
}

// Calls makes a kernel's system calls, and handles their errors as the package
// comment says.
type Calls struct{ Kernel Kernel }

// System makes the calls of the operating system.
var System = Calls{new(system)}

// ErrWouldBlock: there is nothing to read, no room to write, or no client to
// accept. Try later.
var ErrWouldBlock = errors.New("operation would block")

// ErrUnsupported: this system has no descriptors for sockets.
var ErrUnsupported = errors.New("raw descriptors are not supported on this system")
