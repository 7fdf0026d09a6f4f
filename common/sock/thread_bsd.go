//go:build unix && !linux

package sock

import (
	"os"

	"golang.org/x/sys/unix"
)

// Thread is an operating system thread that may be blocked in a call.
type Thread struct{}

// CurrentThread returns the calling goroutine's thread.
func CurrentThread() Thread { return Thread{} }

// Interrupt makes a call return that a thread is blocked in. There is no way
// to send a signal to one thread without C, so it ends the stream: what has
// arrived can still be read, what is on its way cannot.
func (Thread) Interrupt(fd int) error {
	return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_RD))
}
