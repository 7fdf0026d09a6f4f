package ring

import (
	"fmt"
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Accept accepts all clients of a listener. It completes for each client: Result is
// a socket, blocking and closed on exec, that belongs to the caller. It goes on
// until it is cancelled or fails, even on a non-blocking listener.
func (r *Ring) Accept(fd int, t Token) {
	*r.next() = sqe{
		opcode:  opAccept,
		ioprio:  acceptMultishot,
		fd:      int32(fd),
		opFlags: unix.SOCK_CLOEXEC,
		token:   t,
	}
}

// Recv receives from a socket again and again. Each completion has a buffer that
// belongs to the caller until Return: see Completion.Buffer. A Result of 0, without
// a buffer, means that the peer has ended its stream. Recv ends with ENOBUFS when no
// buffer is left; the unread bytes stay in the socket, for another Recv. It may also
// end at any other time, with data and without More.
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

// maxSend is the most that one system call sends, in bytes.
const maxSend = math.MaxInt32 &^ 0xffff

// Send sends as much of p as the socket has space for. p has at most 2 GB less
// 64 KB; Send panics if it is longer. The kernel sends before Wait waits. If all of p
// was sent, there is no completion. Otherwise the completion has a short count,
// EAGAIN if no byte was sent, or another error. Queue only one Send to a socket before
// a Wait: the kernel would try the second one even if the first fell short, and the
// rest of the first would be missing in the stream.
//
// The kernel reads p while Wait hands it over, and never after. Until that Wait has
// returned, p must not be changed. The ring keeps it alive and in its place.
func (r *Ring) Send(fd int, p []byte, t Token) {
	if uint(len(p)) > maxSend {
		tooMuch(len(p))
	}
	s := r.next()
	// An address in the queue does not keep p alive, and does not keep it off a stack
	// that may move. This pointer does both.
	start := unsafe.Pointer(unsafe.SliceData(p))
	r.sending = append(r.sending, start)
	// MSG_WAITALL makes a short count a failure, and only failures complete.
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

// Writable completes once, when the socket has space for more output or is broken.
func (r *Ring) Writable(fd int, t Token) {
	*r.next() = sqe{
		opcode:  opPollAdd,
		fd:      int32(fd),
		opFlags: halves(unix.POLLOUT, 0),
		token:   t,
	}
}

// Cancel ends an operation, unless it has ended already. The operation's last
// completion, one without More, still comes: ECANCELED, or another result if it came
// first. The cancellation itself has no completion that Wait returns.
func (r *Ring) Cancel(target Token) {
	*r.next() = sqe{
		opcode:  opAsyncCancel,
		flags:   sqeSkipSuccess,
		fd:      -1,
		address: uint64(target),
		token:   Token(None), // completes if there is nothing to cancel
	}
}

// next returns the place for an operation. The caller must write all of it, because
// it still holds an old operation.
func (r *Ring) next() *sqe {
	if r.room == 0 {
		return r.spare()
	}
	r.room--
	s := &r.sqes[r.tail&uint32(len(r.sqes)-1)]
	r.tail++
	return s
}

// spare is next when the queue is full. It hands over the queued operations. If the
// kernel cannot take them now, spare keeps the further ones in the backlog, in order,
// so queueing never fails. The next Wait returns the kernel's error.
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

// unspare moves the backlog into the queue until the queue is full. While a part of
// the backlog is left, room stays 0, so that later operations queue behind it.
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
