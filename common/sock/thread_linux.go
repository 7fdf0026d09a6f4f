package sock

import "golang.org/x/sys/unix"

// Thread is an operating system thread that may be blocked in a call.
type Thread struct{ tid int }

// CurrentThread returns the calling goroutine's thread. The goroutine should be
// locked to the thread.
func CurrentThread() Thread { return Thread{unix.Gettid()} }

// Interrupt ends a call in which the thread is blocked: BlockingRead or
// BlockingWrite on fd, for which SetTimeouts was called. (Without a timeout the
// kernel would restart the call, see signal(7).) It sends SIGURG, with which
// Go's runtime interrupts its own threads. The runtime ignores that signal if
// it has not asked for it.
func (t Thread) Interrupt(fd int) error {
	return unix.Tgkill(unix.Getpid(), t.tid, unix.SIGURG)
}
