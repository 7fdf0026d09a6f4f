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

// Interrupt ends a call in which a thread is blocked. Without C there is no way
// to send a signal to one thread, so Interrupt ends the stream: bytes that have
// arrived can still be read, bytes on their way cannot.
func (Thread) Interrupt(fd int) error {
	return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_RD))
}
