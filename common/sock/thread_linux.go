package sock

import "golang.org/x/sys/unix"

// Thread is an operating system thread that may be blocked in a call.
type Thread struct{ tid int }

// CurrentThread returns the calling goroutine's thread. The goroutine should
// be locked to it.
func CurrentThread() Thread { return Thread{unix.Gettid()} }

// Interrupt makes a call that the thread is blocked in return: BlockingRead or
// BlockingWrite on fd, for which SetTimeouts was called. (Without a timeout
// the kernel would begin the call again, see signal(7).) The signal is the one
// with which Go's runtime interrupts its own threads, and which it ignores
// when it means nothing.
func (t Thread) Interrupt(fd int) error {
	return unix.Tgkill(unix.Getpid(), t.tid, unix.SIGURG)
}
