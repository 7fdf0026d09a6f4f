// Package poller waits for many descriptors at once: epoll on Linux, kqueue on
// macOS and the BSDs.
//
// # The contract of a backend
//
// A Poller watches descriptors for readiness, level-triggered: each Wait reports
// a descriptor as long as it is ready for something that it is watched for. A
// caller that has not read all bytes gets the event again. A caller that is not
// interested must say so with Modify, or it gets the event from every Wait.
//
//   - New makes a Poller that reports up to capacity events per Wait, or one
//     more. If Wait returns fewer than capacity, no other descriptor was ready.
//     Otherwise the next Wait begins with the others that are still ready.
//   - Add, Modify and Remove change what a descriptor is watched for. With an
//     interest of zero it is watched for nothing, but errors and hang-ups may
//     still be reported. Closing a descriptor removes it.
//   - Wait blocks until a descriptor is ready, the timeout has passed (negative:
//     never; zero: return at once), or Wake was called. Its events are valid
//     until the next Wait. It may return no events before the timeout, but never
//     without having asked the kernel. A timeout is rounded up to the system's
//     resolution, by at most a millisecond.
//   - An error or a hang-up is reported as readiness for everything. The next
//     read or write returns the error.
//   - An event says what was true when Wait returned. Handling an earlier event
//     of the same batch may have changed it, so a read may find nothing. A new
//     connection must not get a descriptor's number while events of the batch
//     are unhandled, so close descriptors at the end of the batch.
//   - Wake makes the present Wait return, or else the next one. It is the only
//     method that other goroutines may call, and that may be called after Close.
//
// On other systems New returns an error, so that programs compile.
package poller

import "github.com/ioflavors/ioflavors/common/session"

// Event says that a descriptor is ready, and for which operations.
type Event struct {
	FD    int
	Ready session.Interest
}
