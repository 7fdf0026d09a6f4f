// Package poller waits for many descriptors at once: epoll on Linux, kqueue on
// macOS and the BSDs.
//
// # The contract of a backend
//
// A Poller watches descriptors for readiness, level-triggered: as long as a
// descriptor is ready for something it is watched for, each Wait says so.
// Whoever has not read all that was there is told again, and whoever is not
// interested must say so with Modify, or is told for ever.
//
//   - New makes a Poller that reports up to capacity events per Wait, or one
//     more. If there are fewer than capacity, nobody else was ready; if not,
//     the next Wait begins with the others, as far as they still are.
//   - Add, Modify and Remove change what a descriptor is watched for. A mask
//     of zero watches for nothing, but errors and hang-ups may be reported all
//     the same. Closing a descriptor removes it.
//   - Wait blocks until something is ready, the timeout has passed (negative:
//     never; zero: only look), or Wake was called. What it returns is valid
//     until the next Wait. It may return nothing before the time is up, but not
//     without having looked. A timeout is rounded up to what the system can
//     express, at most a millisecond more.
//   - An error or a hang-up is reported as readiness for everything: the next
//     read or write says what it is.
//   - An event tells what was true when Wait returned. Something done for an
//     earlier event of the same batch may have changed it, so reading may find
//     nothing. A descriptor number must not be given to a new connection
//     while events of the batch are unhandled: close at the end of the batch.
//   - Wake makes the present Wait return, or else the next one. It is the only
//     method that may be called from other goroutines, and after Close.
//
// On other systems New returns an error, so that programs compile.
package poller

// Mask is what a descriptor is watched for.
type Mask uint8

const (
	Readable Mask = 1 << iota
	Writable
)

// Event says what a descriptor is ready for.
type Event struct {
	FD    int
	Ready Mask
}
