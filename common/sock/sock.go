// Package sock does non-blocking I/O on descriptors, for the models that wait
// by themselves instead of letting package net do it.
//
// It is the only place that knows what EINTR and EAGAIN mean: an interrupted
// call is made again, and one that would have to wait returns ErrWouldBlock.
// Other errors name their system call. On systems without these calls there
// is a stub, so that programs compile.
package sock

import "errors"

// ErrWouldBlock: nothing has come, there is no room, nobody waits. Try later.
var ErrWouldBlock = errors.New("operation would block")

// ErrUnsupported: this system has no such descriptors.
var ErrUnsupported = errors.New("raw descriptors are not supported on this system")
