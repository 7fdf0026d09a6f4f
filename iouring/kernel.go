package iouring

import (
	"time"

	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// kernel is the operating system, or a test's stand-in for it.
type kernel struct {
	calls sock.Calls
	open  func() (uring, error)
}

// uring is the part of a ring.Ring that a loop uses.
type uring interface {
	Accept(fd int, t ring.Token)
	Recv(fd int, t ring.Token)
	Send(fd int, p []byte, t ring.Token)
	Writable(fd int, t ring.Token)
	Cancel(target ring.Token)
	Wait(timeout time.Duration) ([]ring.Completion, error)
	Behind() bool
	Buffer(id int) []byte
	Return(id int)
	Wake()
	Close() error
}

// system is the operating system that the program runs on.
var system = kernel{
	calls: sock.System,
	open: func() (uring, error) {
		// The queues fit into 64 KiB, which is all that some systems let a user
		// lock in memory. If they are full, the ring calls the kernel in between.
		// After a wait the kernel stops at some 20 clients, so the buffers last
		// for an iteration unless some clients send much (shots). A frame of
		// 16 KiB fits into one buffer. A client whose reading has just been paused
		// may still fill 3*shots buffers, whose bytes its session keeps.
		r, err := ring.Open(ring.Config{
			Entries:     256,
			Completions: 2048,
			Buffers:     128,
			BufferSize:  32 << 10,
		})
		if err != nil {
			return nil, unavailable(err)
		}
		return r, nil
	},
}
