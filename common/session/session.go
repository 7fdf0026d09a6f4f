// Package session implements the protocol of one connection without I/O: bytes go in,
// bytes come out. It never reads, writes, waits, or asks for the time, so every I/O
// model drives the same code, and tests need no sockets.
//
// A model whose calls block serves a connection like this:
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
// A model whose calls do not block registers the result of Wants with its poller.
//
// A session is open at first. It ends when the peer ends its stream (FeedEOF), when the
// input is not a valid frame, or when the server ends it (Finish). It then sends its
// remaining output and lingers: after the FIN it discards further input. This is needed
// because closing a socket with unread input sends a reset, which can destroy replies
// that the peer has not read yet. Then the session is over.
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

// Handler gives the protocol its meaning. Both methods append to dst and return the
// extended slice, as append does. They keep no reference to dst or data.
type Handler interface {
	// AppendReplies answers as many of the requests at the start of data as it likes.
	// It appends a frame for each, and returns how many bytes of data the requests took
	// (taken), and their number (answered). It stops if another reply as long as the
	// last one would make out longer than limit. If the first frame is incomplete,
	// taken is 0 and err is nil; if it is malformed, err is frame.Next's. maxFrame is
	// the limit for frame.Next.
	//
	// It should not make dst grow, because the memory limit does not count what append
	// allocates. It stops before a reply that does not fit. If that is the first reply,
	// need is its length in bytes, and the caller calls again with more room.
	AppendReplies(dst, data []byte, maxFrame, limit int) (out []byte, taken, answered, need int, err error)
	// AppendRefusal appends a reply, without its frame, to input that is not a request.
	AppendRefusal(dst []byte, reason string) []byte
}

// Config is shared by all sessions of a server.
type Config struct {
	Handler Handler
	Buffers *buffer.Pool
	// MaxFrame bounds a request's body and footer, in bytes.
	MaxFrame int
	// A session stops answering and reading when another reply as long as the last one
	// would make more than OutputHigh bytes of unsent replies. It goes on when at most
	// OutputLow bytes are left. A reply that crosses the limit is still completed.
	OutputHigh, OutputLow int
}

// Interest is a set of events that a session waits for, and that a poller reports. A
// session that waits for nothing is over, and its connection must be closed.
type Interest uint8

const (
	Read  Interest = 1 << iota // bytes from the peer
	Write                      // room for output
)

// discardLimit is the number of bytes that a lingering session discards at most.
const discardLimit = 256 << 10

// Buffers get room for manyReplies replies at once. After a reply of longReply bytes or
// more, requests are answered one at a time.
const (
	manyReplies = 16
	longReply   = 4 << 10
)

// ReadBuffer considers the rest of a frame long if it has at least longRest bytes. Such
// a rest is read in pieces of at most longRead bytes, which takes about as long as
// answering a request of that length. Each piece has room for at least leastRoom bytes.
const (
	longRest  = 64 << 10
	longRead  = 1 << 20
	leastRoom = 4 << 10
)

// The reasons why a session can end, apart from the errors of package frame.
var (
	// ErrTruncated: the peer ended its stream inside a frame.
	ErrTruncated = fmt.Errorf("stream ends inside a frame: %w", io.ErrUnexpectedEOF)
	// ErrMemory: the session needed a buffer when the pool's limit was reached.
	ErrMemory = errors.New("no memory left for buffers")
	// ErrRefused: the server refused the connection.
	ErrRefused = errors.New("refused")
)

// PanicError ends a session whose handler panicked.
type PanicError struct {
	Value any
	Stack []byte
}

func (e *PanicError) Error() string { return fmt.Sprintf("handler panicked: %v", e.Value) }

type state uint8 // only grows

const (
	open      state = iota
	ending          // no more input; output is still unsent
	lingering       // all output is sent; discards input
	over
)

// Session is the protocol state of one connection, for one goroutine at a
// time. New makes one.
type Session struct {
	cfg *Config
	err error

	in   []byte // unanswered input: part of a frame, or all input since a pause; nil if none
	out  []byte // replies, nil if none
	sent int    // out[:sent] has been sent

	answered  uint64
	discarded int32
	last      int32 // length of the last reply

	state    state
	paused   bool  // the output limit is reached; in may hold whole frames
	eof      bool  // the peer has ended its stream
	finish   bool  // end once the input received so far is answered
	outShift uint8 // the last output was shorter than 1<<outShift
}

// New returns the session of a new connection. cfg must not change any more.
func New(cfg *Config) Session { return Session{cfg: cfg} }

// Wants returns the events that the session waits for: the interest to register with a
// poller. Over the output limit the session does not want to read. This is the
// backpressure that stops a slow reader.
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

// Lingering reports whether all output is sent and the session only waits for the peer
// to stop sending. The FIN is due then.
func (s *Session) Lingering() bool { return s.state == lingering }

// Partial reports whether the session waits for the rest of a frame.
func (s *Session) Partial() bool { return s.state == open && s.in != nil && !s.paused }

// Paused reports whether the output limit keeps the session from reading.
func (s *Session) Paused() bool { return s.paused }

// Held returns the sizes of the buffers that the session holds, in bytes: for
// unanswered input, and for output.
func (s *Session) Held() (in, out int) { return cap(s.in), cap(s.out) }

// Answered returns the number of frames answered so far.
func (s *Session) Answered() uint64 { return s.answered }

// Err returns why the session ended. It is nil if the session is open, or ended without
// an error.
func (s *Session) Err() error { return s.err }

// ReadBuffer returns the memory into which the rest of a long frame should be read
// before Feed, because bytes read there need not be copied. nil means that any memory
// will do. The slice is valid until the next call of a method that changes the session.
//
// The slice never extends beyond the frame, because the requests behind it can be
// answered where they are read. Its size grows with the input received, never with a
// promised length. While memory is ample it grows faster, so that a long frame is moved
// less often.
func (s *Session) ReadBuffer() []byte {
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

// Feed takes bytes that arrived, in ReadBuffer or elsewhere. It answers the whole
// frames among them and copies the rest; the caller may reuse p at once.
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

// FeedEOF notes that the peer has ended its stream. A peer that closed only its sending
// half still gets every answer.
func (s *Session) FeedEOF() {
	s.eof = true
	s.advance()
}

// Finish ends the session after the input received so far: it answers whole frames and
// drops an incomplete one.
func (s *Session) Finish() {
	s.finish = true
	s.advance()
}

// Refuse ends a session that will not be served, and tells the peer why.
func (s *Session) Refuse(reason string) { s.fail(fmt.Errorf("%w: %s", ErrRefused, reason)) }

// Abort ends the session at once and drops unsent output.
func (s *Session) Abort(err error) {
	if s.state != over {
		s.state, s.err = over, err
	}
}

// Output returns the unsent output. It is valid until the next call of a method that
// changes the session.
func (s *Session) Output() []byte { return s.out[s.sent:] }

// Sent notes that the first n bytes of Output are sent. When enough output has gone, it
// answers the requests that waited. The caller may call Release between Output and
// Sent; there is no output then.
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

// Release returns the session's buffers to the pool, and the session is over. Call it
// when the connection is closed, or about to be.
func (s *Session) Release() {
	s.state = over
	for _, b := range [][]byte{s.in, s.out} {
		if b != nil {
			s.cfg.Buffers.Put(b)
		}
	}
	s.in, s.out, s.sent = nil, nil, 0
}

// advance moves to the next state when the present one has nothing left to do.
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

// answer answers the whole frames at the start of data, until the output limit is
// reached or the session ends. It returns the rest of data.
func (s *Session) answer(data []byte) (rest []byte) {
	if s.sent > 0 && s.sent >= len(s.out)-s.sent {
		// Drop the sent bytes once they are the larger half. Otherwise a peer that
		// never takes all of the output would make the buffer grow.
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

// reply answers some of the requests at the start of data, and returns how many bytes
// they take. If data begins with a malformed frame, taken is 0 and err says why.
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

// full reports whether another reply as long as the last one would cross the output
// limit.
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

// complete moves bytes from p to s.in until the frame there is whole, and returns the
// rest of p. It moves no more, because the frames behind it are answered where they
// lie.
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

// missing returns how many bytes the frame in s.in still lacks; until its header is
// complete, how many the header lacks. A malformed frame lacks nothing.
func (s *Session) missing() int {
	size, err := frame.Size(s.in, s.cfg.MaxFrame)
	if err != nil {
		return 0
	}
	return max(size, frame.Header) - len(s.in)
}

// keep appends p to s.in; p may already lie there (see ReadBuffer). s.in grows with the
// input received, never with the length that a frame announces.
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

// room returns the output with room for the given number of replies of 64 bytes each,
// or of the last reply's length if that is more.
func (s *Session) room(replies int) []byte {
	const small = 64
	size := replies * max(small, int(s.last))
	if s.out != nil && cap(s.out)-len(s.out) >= size {
		return s.out
	}
	if s.out == nil {
		size = max(size, 1<<s.outShift) // the next output is likely to be as long as the last one
	}
	return s.grow(size)
}

// grow returns the output with room for size more bytes, or aborts the session if
// memory is short.
func (s *Session) grow(size int) []byte {
	if out := s.cfg.Buffers.Grow(s.out, size); out != nil {
		s.out = out
	} else {
		s.Abort(ErrMemory)
	}
	return s.out
}

// replace stores the output that a handler returned; append may have moved it.
func (s *Session) replace(out []byte) {
	s.cfg.Buffers.Adopt(s.out, out)
	s.out = out
}
