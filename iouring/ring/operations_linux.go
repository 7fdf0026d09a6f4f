package ring

import (
	"fmt"
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Accept accepts whoever connects to a listener, again and again: each
// completion's Result is a socket, blocking and closed on exec, that belongs to
// the caller. It goes on until it is cancelled or fails; that the listener is
// non-blocking makes no difference.
func (r *Ring) Accept(fd int, t Token) {
	*r.next() = sqe{
		opcode:  opAccept,
		ioprio:  acceptMultishot,
		fd:      int32(fd),
		opFlags: unix.SOCK_CLOEXEC,
		token:   t,
	}
}

// Recv receives whatever comes, again and again, each time into a buffer that
// then belongs to the caller until Return: see Completion.Buffer. A Result of 0,
// without a buffer, is the peer's end of sending. It ends with ENOBUFS when there
// is no buffer left; what has arrived stays in the socket, for another Recv. It
// may end like that, with data and without More, at any other time.
func (r *Ring) Recv(fd int, t Token) {
	*r.next() = sqe{
		opcode:      opRecv,
		flags:       sqeBufferSelect,
		ioprio:      recvMultishot,
		fd:          int32(fd),
		token:       t,
		bufferGroup: bufferGroup,
	}
}

// maxSend is how much one system call sends at most.
const maxSend = math.MaxInt32 &^ 0xffff

// Send sends p, of at most 2 GB less 64 KB, as far as the socket has room. It is
// done before Wait waits. If all of p was sent, there is no completion. Otherwise
// one says how much was: a short count, or EAGAIN for nothing, or another error.
// A second Send to the same socket is for after the Wait: it would be tried even
// if the first was short, and what the first left over would be missing before it.
//
// The kernel reads p while Wait hands it over, and never after. Until that Wait
// has returned, p must not be changed; the ring sees to it that it stays where it
// is.
func (r *Ring) Send(fd int, p []byte, t Token) {
	if uint(len(p)) > maxSend {
		tooMuch(len(p))
	}
	s := r.next()
	// A pointer in the kernel's memory keeps nothing alive, and nothing from being
	// on a stack that moves. This one does both.
	start := unsafe.Pointer(unsafe.SliceData(p))
	r.sending = append(r.sending, start)
	// MSG_WAITALL makes a short count a failure: only those complete.
	*s = sqe{
		opcode:  opSend,
		flags:   sqeSkipSuccess,
		fd:      int32(fd),
		address: uint64(uintptr(start)),
		length:  uint32(len(p)),
		opFlags: unix.MSG_DONTWAIT | unix.MSG_WAITALL | unix.MSG_NOSIGNAL,
		token:   t,
	}
}

func tooMuch(n int) { panic(fmt.Sprintf("ring: %d bytes to send", n)) }

// Writable completes once, when the socket has room to send into or is broken.
func (r *Ring) Writable(fd int, t Token) {
	*r.next() = sqe{
		opcode:  opPollAdd,
		fd:      int32(fd),
		opFlags: halves(unix.POLLOUT, 0),
		token:   t,
	}
}

// Cancel ends an operation, unless it has ended already. Its last completion, one
// without More, still comes: ECANCELED, or what became of it in the meantime. The
// cancelling itself completes with nothing.
func (r *Ring) Cancel(target Token) {
	*r.next() = sqe{
		opcode:  opAsyncCancel,
		flags:   sqeSkipSuccess,
		fd:      -1,
		address: uint64(target),
		token:   Token(None), // which comes if there is nothing to cancel
	}
}

// next returns room for an operation, all of which has to be written: what was
// there before is still there.
func (r *Ring) next() *sqe {
	if r.room == 0 {
		return r.spare()
	}
	r.room--
	s := &r.sqes[r.tail&uint32(len(r.sqes)-1)]
	r.tail++
	return s
}

// spare is next when the queue is full. It hands over what is queued; and if the
// kernel cannot take it now, keeps the rest itself, in order, so that whoever
// queues need not care. What the kernel says is for the next Wait to tell.
func (r *Ring) spare() *sqe {
	if len(r.backlog) == 0 && r.fd >= 0 {
		if errno := r.submit(); errno != 0 && r.failed == nil {
			r.failed = enterError(errno)
		}
		if r.room > 0 {
			return r.next()
		}
	}
	r.backlog = append(r.backlog, sqe{})
	return &r.backlog[len(r.backlog)-1]
}

// unspare moves what is kept into the queue, as far as there is room. Until all
// of it is there, nothing else may be queued: room is 0.
func (r *Ring) unspare() {
	r.room = uint32(len(r.sqes)) - (r.tail - r.head)
	n := min(len(r.backlog), int(r.room))
	for _, s := range r.backlog[:n] {
		*r.next() = s
	}
	r.backlog = append(r.backlog[:0], r.backlog[n:]...)
	if len(r.backlog) > 0 {
		r.room = 0
	}
}
