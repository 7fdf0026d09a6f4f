// Package sock does non-blocking I/O on descriptors, for the models that wait
// by themselves instead of letting package net do it.
//
// It is the only place that knows what EINTR and EAGAIN mean: an interrupted
// call is made again, and one that would have to wait returns ErrWouldBlock.
// Other errors name their system call. On systems without these calls there
// is a stub, so that programs compile.
//
// Whom the calls are made to can be chosen: package fakekernel is a kernel on
// which everything goes wrong that can.
package sock

import (
	"errors"
	"net"
	"net/netip"
)

// Kernel is the system calls that a server needs that does not block. They
// return what the system returns: an unix.Errno, EINTR and EAGAIN included.
type Kernel interface {
	// Listen takes over ln's listening socket: it returns a non-blocking
	// descriptor for it and closes ln.
	Listen(ln net.Listener) (fd int, err error)
	// Accept returns a descriptor that does not block and that no other
	// program inherits.
	Accept(listener int) (fd int, err error)
	// Read and Write transfer what is there, or what there is room for.
	Read(fd int, p []byte) (int, error)
	Write(fd int, p []byte) (int, error)
	// CloseWrite shuts down the sending half.
	CloseWrite(fd int) error
	Close(fd int) error
	// Tune sets the options of a connection that was not accepted by Accept.
	Tune(fd int)
	// Peer returns the address of a connection's client; an invalid one if that
	// has no address, or has left.
	Peer(fd int) netip.Addr
}

// Calls are a kernel's system calls, made as the package's comment says.
type Calls struct{ Kernel Kernel }

// System are the calls of the operating system.
var System = Calls{new(system)}

// ErrWouldBlock: nothing has come, there is no room, nobody waits. Try later.
var ErrWouldBlock = errors.New("operation would block")

// ErrUnsupported: this system has no such descriptors.
var ErrUnsupported = errors.New("raw descriptors are not supported on this system")
