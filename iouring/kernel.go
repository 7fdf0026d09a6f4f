package iouring

import (
	"time"

	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/iouring/ring"
)

// kernel is what a server asks of the operating system.
type kernel struct {
	calls sock.Calls
	open  func() (uring, error)
}

// uring is what a loop needs of a ring.Ring, whose methods these are.
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
		// The queues fit into the 64 KiB that some systems let everybody lock in
		// memory; when more is to be done the ring calls the kernel in between.
		// When the kernel has waited for a completion it stops after 20 clients or
		// so, so that buffers last for a turn unless some send much (shots). A
		// frame of 16 KiB fits into one. What a client sends when it has just been
		// paused, which is kept, fills 3*shots of them at most.
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
