package sock

import "golang.org/x/sys/unix"

// HungUp returns how many of the connections have a peer that has ended or reset its
// stream, whether or not the end was read already.
func HungUp(fds []int) (n int) {
	polled := make([]unix.PollFd, len(fds))
	for i, fd := range fds {
		polled[i] = unix.PollFd{Fd: int32(fd), Events: unix.POLLRDHUP}
	}
	if _, err := unix.Poll(polled, 0); err != nil {
		return 0 // unknown, so count none
	}
	for _, p := range polled {
		if p.Revents != 0 {
			n++
		}
	}
	return n
}
