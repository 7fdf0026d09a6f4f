package ring

import "golang.org/x/sys/unix"

// woken is the token of the operation that watches the eventfd. No Operation has its
// number.
const woken Token = 1<<64 - 1

// Wake makes the present Wait return, or else the next one, even without
// completions.
func (r *Ring) Wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.wake >= 0 {
		// The write fails only when the eventfd is set already.
		_, _ = unix.Write(r.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	}
}

func (r *Ring) watchWake() {
	*r.next() = sqe{
		opcode:  opPollAdd,
		fd:      int32(r.wake),
		length:  pollMultishot,
		opFlags: halves(unix.POLLIN, 0),
		token:   woken,
	}
}

func (r *Ring) unwake(c Completion) {
	var count [8]byte
	_, _ = unix.Read(r.wake, count[:]) // resets the eventfd
	if !c.More() && r.wake >= 0 {
		r.watchWake()
	}
}
