// Package session is one connection's protocol state without its I/O: bytes
// in, bytes out. It never reads, writes, waits, or asks the time, so every
// I/O model drives the same code, and tests need no sockets.
//
// A connection whose calls block is served like this:
//
//	for s.Wants() != 0 {
//		if out := s.Output(); len(out) > 0 {
//			n, _ := conn.Write(out)
//			s.Sent(n)
//			continue
//		}
//		n, err := conn.Read(buf)
//		s.Feed(buf[:n])
//		if err != nil {
//			s.FeedEOF()
//		}
//	}
//
// and one whose calls do not registers what Wants returns with its poller.
//
// A session is open at first. It ends when the peer ends its stream (FeedEOF),
// when what arrives is no frame, or when the server has had enough (Finish).
// It then sends what it still has to send, and lingers: after its FIN it
// discards what the peer had under way, for a socket that is closed with
// unread input answers with a reset, which can destroy replies that the peer
// has not read yet. Then it is over.
package session

import (
	"errors"
	"fmt"
	"io"
	"math/bits"
	"runtime/debug"

	"github.com/ioflavors/ioflavors/common/buffer"
	"github.com/ioflavors/ioflavors/common/frame"
)

// Handler gives the protocol its meaning. Both methods append to dst and
// return the extended slice, as append does. Neither keeps anything of dst or
// data.
type Handler interface {
	// AppendReplies answers as many as it likes of the requests, which are the
	// frames that data begins with: it appends a frame for each, and returns how
	// many bytes of data and how many requests that were. But it does not go on if
	// another reply as long as the last one would make out longer than limit. If it
	// can answer none, for the first is not whole or no frame, err is what package
	// frame has to say of it, whose limit maxFrame is.
	//
	// It should not make dst grow, because what append allocates is beside the
	// memory limit. It stops before a reply that does not fit; if that is the first
	// one, need is how many bytes that reply needs, and it is called again.
	AppendReplies(dst, data []byte, maxFrame, limit int) (out []byte, taken, answered, need int, err error)
	// AppendRefusal appends the reply, without its frame, to what is no request.
	AppendRefusal(dst []byte, reason string) []byte
}

// Config is what the sessions of a server share.
type Config struct {
	Handler Handler
	Buffers *buffer.Pool
	// MaxFrame bounds a request's body and footer, in bytes.
	MaxFrame int
	// When another reply as long as the last one would make more than
	// OutputHigh bytes of unsent replies, a session answers nothing more and
	// does not want to read, until OutputLow or less are left. A reply that
	// crosses the limit nevertheless is made whole.
	OutputHigh, OutputLow int
}

// Interest is what a session waits for, as a set. A session that waits for
// nothing is over, and its connection is to be closed.
type Interest uint8

const (
	Read  Interest = 1 << iota // bytes from the peer
	Write                      // room for output
)

// discardLimit is how much a lingering session discards, in bytes.
const discardLimit = 256 << 10

// There is room for manyReplies at once, unless they are as long as longReply, in
// bytes: then each is made alone.
const (
	manyReplies = 16
	longReply   = 4 << 10
)

// The rest of a frame is a long one, for Room, if it has at least longRest
// bytes. They are read in pieces of longRead bytes at most, which takes about
// as long as to answer a request of that length, and leastRoom at least.
const (
	longRest  = 64 << 10
	longRead  = 1 << 20
	leastRoom = 4 << 10
)

// Why a session can end, apart from the errors of package frame.
var (
	// ErrTruncated: the peer ended its stream inside a frame.
	ErrTruncated = fmt.Errorf("stream ends inside a frame: %w", io.ErrUnexpectedEOF)
	// ErrMemory: a buffer was needed when all memory for buffers was lent.
	ErrMemory = errors.New("no memory left for buffers")
	// ErrRefused: the connection was not to be served at all.
	ErrRefused = errors.New("refused")
)

// PanicError ends a session whose handler panicked.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("handler panicked: %v", e.Value) }

type state uint8 // it only grows

const (
	open      state = iota
	ending          // takes no more input, has output to send
	lingering       // all is sent; discards input
	over
)

// Session is the protocol state of one connection, for one goroutine at a
// time. New makes one.
type Session struct {
	cfg *Config
	err error

	in   []byte // unanswered input: part of a frame, or whatever came before a pause; nil if none
	out  []byte // replies, nil if none
	sent int    // out[:sent] is sent

	answered  uint64
	discarded int32
	last      int32 // length of the last reply

	state    state
	paused   bool  // the output limit was reached, in may hold whole frames
	eof      bool  // the peer has ended its stream
	finish   bool  // end after what was received
	outShift uint8 // the last output was shorter than 1<<outShift
}

// New returns the session of a new connection. cfg does not change any more.
func New(cfg *Config) Session { return Session{cfg: cfg} }

// Wants returns what the session waits for: what to register with a poller.
// Over the output limit it does not want to read, which is how a peer that
// does not read its replies comes to a halt.
func (s *Session) Wants() Interest {
	switch s.state {
	case open:
		var w Interest
		if s.out != nil {
			w = Write
		}
		if !s.paused && !s.eof && !s.finish {
			w |= Read
		}
		return w
	case ending:
		return Write
	case lingering:
		return Read
	default:
		return 0
	}
}

// Lingering reports whether all output is sent and the session only waits for
// the peer to stop sending: it is time for a FIN.
func (s *Session) Lingering() bool { return s.state == lingering }

// Partial reports whether the session waits for the rest of a frame.
func (s *Session) Partial() bool { return s.state == open && s.in != nil && !s.paused }

// Paused reports whether the output limit keeps the session from reading.
func (s *Session) Paused() bool { return s.paused }

// Held returns the size of the buffers that the session holds, in bytes: for
// input that it could not answer yet, and for output.
func (s *Session) Held() (in, out int) { return cap(s.in), cap(s.out) }

// Answered returns the number of frames answered so far.
func (s *Session) Answered() uint64 { return s.answered }

// Err returns why the session ended; nil if it has not, or if it ended well.
func (s *Session) Err() error { return s.err }

// Room returns where the next bytes are best read to, for Feed, when they are
// the rest of a long frame: from there they need not be copied. It is valid
// until the next call of a method that changes the session. nil means that any
// memory will do.
//
// The room is never for more than the rest of the frame: what follows can be
// answered where it is read. It grows with what was received, as all that a
// session keeps, but by more than is usual while memory is ample, so that a
// long frame is not moved often.
func (s *Session) Room() []byte {
	if !s.Partial() || len(s.in) < longRest/4 {
		return nil
	}
	missing := s.missing()
	if missing < longRest {
		return nil
	}
	if cap(s.in)-len(s.in) < leastRoom {
		size := 2 * cap(s.in)
		if s.cfg.Buffers.Ample() {
			size *= 2
		}
		in := s.cfg.Buffers.Grow(s.in, min(missing, size-len(s.in)))
		if in == nil {
			return nil
		}
		s.in = in
	}
	return s.in[len(s.in):min(cap(s.in), len(s.in)+min(missing, longRead))]
}

// Feed takes bytes that arrived, in Room or elsewhere. It answers the whole
// frames among them and keeps a copy of the rest; p may be reused at once.
func (s *Session) Feed(p []byte) {
	if s.state != open {
		s.discard(len(p))
		return
	}
	defer s.recoverPanic()
	if s.in != nil && !s.paused {
		if p = s.complete(p); s.missing() > 0 {
			return
		}
		s.answerKept()
	}
	if !s.paused {
		p = s.answer(p)
	}
	s.keep(p)
}

// FeedEOF notes that the peer has ended its stream. A peer that only closed
// its sending half still gets every answer.
func (s *Session) FeedEOF() {
	s.eof = true
	s.advance()
}

// Finish ends the session after what was received: whole frames are answered,
// a part of one is dropped.
func (s *Session) Finish() {
	s.finish = true
	s.advance()
}

// Refuse ends a session that is not to be served; the peer is told why.
func (s *Session) Refuse(reason string) { s.fail(fmt.Errorf("%w: %s", ErrRefused, reason)) }

// Abort ends the session at once, whatever is unsent.
func (s *Session) Abort(err error) {
	if s.state != over {
		s.state, s.err = over, err
	}
}

// Output returns what is to be sent, valid until the next call of a method
// that changes the session.
func (s *Session) Output() []byte { return s.out[s.sent:] }

// Sent notes that the first n bytes of Output are sent. Requests that had to
// wait for room are answered, once there is enough. After Release, which may come
// between, there is no output.
func (s *Session) Sent(n int) {
	s.sent += min(n, len(s.out)-s.sent)
	if s.sent == len(s.out) && s.out != nil {
		s.outShift = uint8(bits.Len(uint(len(s.out))))
		s.cfg.Buffers.Put(s.out)
		s.out, s.sent = nil, 0
	}
	if s.paused && len(s.out)-s.sent <= s.cfg.OutputLow {
		defer s.recoverPanic()
		s.answerKept()
	}
	s.advance()
}

// Release gives the session's buffers back. Call it when the connection is
// closed, or to be closed; the session is over then.
func (s *Session) Release() {
	s.state = over
	for _, b := range [][]byte{s.in, s.out} {
		if b != nil {
			s.cfg.Buffers.Put(b)
		}
	}
	s.in, s.out, s.sent = nil, nil, 0
}

// advance moves to the next state when all that this one waits for is done.
func (s *Session) advance() {
	if s.state == open && (s.eof || s.finish) && !s.paused {
		if s.eof && s.in != nil {
			s.err = ErrTruncated
		}
		s.state = ending
	}
	if s.state == ending && s.out == nil {
		s.state = lingering
	}
	if s.state == lingering && (s.eof || s.discarded >= discardLimit) {
		s.state = over
	}
}

func (s *Session) discard(n int) {
	s.discarded += int32(min(n, discardLimit))
	s.advance()
}

// fail ends the session and tells the peer why.
func (s *Session) fail(err error) {
	if s.state != open {
		return
	}
	if out, mark := frame.Begin(s.room(1)); s.state == open {
		s.replace(frame.End(s.cfg.Handler.AppendRefusal(out, err.Error()), mark))
		s.state, s.err = ending, err
	}
}

func (s *Session) recoverPanic() {
	if v := recover(); v != nil {
		s.Abort(&PanicError{Value: v, Stack: debug.Stack()})
	}
}

// answer answers the whole frames at the start of data, until the output limit
// is reached or the session ends, and returns what is left.
func (s *Session) answer(data []byte) (rest []byte) {
	if s.sent > 0 && s.sent >= len(s.out)-s.sent {
		// A peer that never takes quite all must not make the output grow:
		// what is sent gives way once it is the larger half.
		s.out = s.out[:copy(s.out, s.out[s.sent:])]
		s.sent = 0
	}
	for s.state == open && !s.full() {
		n, err := s.reply(data)
		if n == 0 {
			if err != nil {
				s.fail(err)
			}
			break
		}
		data = data[n:]
	}
	s.paused = s.full()
	return data
}

// reply answers some of the requests that data begins with, and returns how many
// bytes they take. If it is none because data does not begin with a frame, err says so.
func (s *Session) reply(data []byte) (taken int, err error) {
	first, err := frame.Size(data, s.cfg.MaxFrame)
	if first == 0 || first > len(data) {
		return 0, err
	}
	replies := 1
	if s.last >= longReply {
		data = data[:first]
	} else if first < len(data) {
		replies = min(len(data)/first, manyReplies)
	}
	for room := s.room(replies); s.state == open; {
		out, taken, n, need, err := s.cfg.Handler.AppendReplies(room, data, s.cfg.MaxFrame, s.sent+s.cfg.OutputHigh)
		if need > 0 {
			room = s.grow(need)
			continue
		}
		s.replace(out)
		if n > 0 {
			s.last = int32((len(out) - len(room)) / n)
			s.answered += uint64(n)
		}
		return taken, err
	}
	return 0, nil
}

// full reports whether another reply, if it is as long as the last one, would
// cross the output limit.
func (s *Session) full() bool {
	unsent := len(s.out) - s.sent
	return unsent > 0 && unsent+int(s.last) > s.cfg.OutputHigh
}

// answerKept answers the frames in s.in, and keeps the rest there.
func (s *Session) answerKept() {
	rest := s.answer(s.in)
	if len(rest) > 0 {
		s.in = s.in[:copy(s.in, rest)]
	} else if s.in != nil {
		s.cfg.Buffers.Put(s.in)
		s.in = nil
	}
}

// complete moves bytes from p to the frame that s.in begins, just enough to
// make it whole: the frames behind it are answered where they lie. It returns
// the rest of p.
func (s *Session) complete(p []byte) (rest []byte) {
	for len(p) > 0 && s.state == open {
		n := min(s.missing(), len(p))
		if n == 0 {
			break
		}
		s.keep(p[:n])
		p = p[n:]
	}
	return p
}

// missing returns how many bytes the frame that s.in begins still lacks, as
// far as that is known: its header comes first. A wrong frame lacks nothing.
func (s *Session) missing() int {
	size, err := frame.Size(s.in, s.cfg.MaxFrame)
	if err != nil {
		return 0
	}
	return max(size, frame.Header) - len(s.in)
}

// keep appends p to s.in, where it may lie already. What lies there grows with
// what was received, never with what a length promises.
func (s *Session) keep(p []byte) {
	if len(p) == 0 || s.state != open {
		return
	}
	in := s.cfg.Buffers.Grow(s.in, len(p))
	if in == nil {
		s.Abort(ErrMemory)
		return
	}
	s.in = in[:len(in)+len(p)]
	if at := s.in[len(in):]; &at[0] != &p[0] {
		copy(at, p)
	}
}

// room returns the output with room for so many replies: small ones, or such as
// the last.
func (s *Session) room(replies int) []byte {
	const small = 64
	size := replies * max(small, int(s.last))
	if s.out != nil && cap(s.out)-len(s.out) >= size {
		return s.out
	}
	if s.out == nil {
		size = max(size, 1<<s.outShift) // what was needed last is likely to be needed again
	}
	return s.grow(size)
}

// grow returns the output with room for size more bytes, if there is the memory.
func (s *Session) grow(size int) []byte {
	if out := s.cfg.Buffers.Grow(s.out, size); out != nil {
		s.out = out
	} else {
		s.Abort(ErrMemory)
	}
	return s.out
}

// replace takes the output back from a handler, whose append may have moved it.
func (s *Session) replace(out []byte) {
	s.cfg.Buffers.Adopt(s.out, out)
	s.out = out
}
