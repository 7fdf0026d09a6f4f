// Package session serves one connection without I/O: bytes go in, bytes come out. It
// never reads, writes, waits, or asks for the time, so every I/O model drives the same
// code, and tests need no sockets.
//
// A Protocol gives the bytes their meaning. Write one, and every model serves it. The
// short ways to one are Split, for requests that a bufio.SplitFunc cuts, and Prefixed,
// for requests behind their length; SplitConn and PrefixedConn are the same for
// connections with state. All four need no more than an Answer, a function from request
// to reply, so to write a server read Split first, with its example. For a protocol of
// another form read Handler, and then Protocol; Prefetcher and Starter are for protocols
// that want more. Set the protocol in server.Config, or let servercmd.Main make a whole
// command of it.
//
// The rest of the package is for models. Read Session first. It answers requests as they
// arrive whole, holds back what arrives while too much output is unsent, and contains a
// handler that goes wrong.
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
// handler ends it, or when the server ends it (Finish). It then sends its
// remaining output and lingers: after the FIN it discards further input. This is needed
// because closing a socket with unread input sends a reset, which can destroy replies
// that the peer has not read yet. Then the session is over.
package session

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"runtime/debug"
	"unsafe"

	"github.com/ioflavors/ioflavors/common/buffer"
)

// Config is shared by all sessions of a server.
type Config struct {
	Protocol Protocol
	Buffers  *buffer.Pool
	// MaxRequest is the longest request, in bytes: see Handler.
	MaxRequest int
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
// more, requests are answered one at a time. More room than longRoom is borrowed only
// for a request that is known to be whole.
const (
	manyReplies = 16
	longReply   = 4 << 10
	longRoom    = 4 << 10
)

// ReadBuffer considers the rest of a request long if it has at least longRest bytes. Such
// a rest is read in pieces of at most longRead bytes, which takes about as long as
// answering a request of that length. Each piece has room for at least leastRoom bytes.
const (
	longRest  = 64 << 10
	longRead  = 1 << 20
	leastRoom = 4 << 10
)

// A handler may ask for mostRoom bytes of output at a time, mostAsks times for one
// request: what a request needs may change between two calls, but not for ever.
const (
	mostRoom = 1 << 30
	mostAsks = 16
)

// The reasons why a session can end, apart from the errors of its handler.
var (
	// ErrTruncated: the peer ended its stream inside a request.
	ErrTruncated = fmt.Errorf("stream ends inside a request: %w", io.ErrUnexpectedEOF)
	// ErrMemory: the session needed a buffer when the pool's limit was reached.
	ErrMemory = errors.New("no memory left for buffers")
	// ErrRefused: the server refused the connection.
	ErrRefused = errors.New("refused")
)

// PanicError ends a session whose handler panicked, or broke the contract of Handler.
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
	cfg     *Config
	handler Handler
	err     error

	in   []byte // unanswered input: part of a request, or all input since a pause; nil if none
	out  []byte // replies, nil if none
	sent int    // out[:sent] has been sent

	answered  uint64
	discarded int32
	last      int32 // length of the last reply

	state    state
	paused   bool  // the output limit is reached; in may hold whole requests
	eof      bool  // the peer has ended its stream
	finish   bool  // end once the input received so far is answered
	outShift uint8 // the last output was shorter than 1<<outShift
	inShift  uint8 // the last requests were at least 1<<inShift bytes long; 0: unknown
}

// New returns the session of a new connection. cfg must not change any more.
func New(cfg *Config) (s Session) {
	s.cfg = cfg
	defer s.recoverPanic()
	s.handler = cfg.Protocol.Open()
	return s
}

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

// Partial reports whether the session waits for the rest of a request.
func (s *Session) Partial() bool { return s.state == open && s.in != nil && !s.paused }

// Paused reports whether the output limit keeps the session from reading.
func (s *Session) Paused() bool { return s.paused }

// Held returns the sizes of the buffers that the session holds, in bytes: for
// unanswered input, and for output.
func (s *Session) Held() (in, out int) { return cap(s.in), cap(s.out) }

// Answered returns the number of requests answered so far.
func (s *Session) Answered() uint64 { return s.answered }

// Err returns why the session ended. It is nil if the session is open, or ended without
// an error. It is Done if the handler ended it in good order.
func (s *Session) Err() error { return s.err }

// ReadBuffer returns the memory into which the rest of a long request should be read
// before Feed, because bytes read there need not be copied. nil means that any memory
// will do. The slice is valid until the next call of a method that changes the session.
//
// The slice never extends beyond the request, because the requests behind it can be
// answered where they are read. Its size grows with the input received, never with a
// promised length. While memory is ample it grows faster, so that a long request is
// moved less often.
func (s *Session) ReadBuffer() []byte {
	if !s.Partial() || len(s.in) < longRest/4 {
		return nil
	}
	return s.readBuffer()
}

func (s *Session) readBuffer() []byte {
	defer s.recoverPanic()
	missing, err := s.missing()
	if err != nil || missing < longRest {
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
// requests among them and copies the rest; the caller may reuse p at once.
func (s *Session) Feed(p []byte) {
	if s.state != open {
		s.discard(len(p))
		return
	}
	defer s.recoverPanic()
	if s.in != nil && !s.paused {
		p = s.complete(p)
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

// Finish ends the session after the input received so far: it answers whole requests
// and drops an incomplete one.
func (s *Session) Finish() {
	s.finish = true
	s.advance()
}

// Refuse ends a session that will not be served, and tells the peer why.
func (s *Session) Refuse(reason string) {
	defer s.recoverPanic()
	s.fail(fmt.Errorf("%w: %s", ErrRefused, reason))
}

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
		s.dropOutput()
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

// dropOutput gives the output's buffer back.
func (s *Session) dropOutput() {
	s.cfg.Buffers.Put(s.out)
	s.out, s.sent = nil, 0
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

// fail ends the session, and tells the peer why unless err is Done.
func (s *Session) fail(err error) {
	if s.state != open {
		return
	}
	if errors.Is(err, Done) {
		err = Done
	} else if out := s.room(1); s.state == open {
		s.replace(s.handler.Refuse(out, err))
	}
	if s.state != open { // memory is short
		return
	}
	s.state, s.err = ending, err
	s.advance()
}

func (s *Session) recoverPanic() {
	if v := recover(); v != nil {
		s.Abort(&PanicError{Value: v, Stack: debug.Stack()})
	}
}

// answer answers the whole requests at the start of data, until the output limit is
// reached or the session ends. It returns the rest of data.
func (s *Session) answer(data []byte) (rest []byte) {
	if s.sent > 0 && s.sent >= len(s.out)-s.sent {
		// Drop the sent bytes once they are the larger half. Otherwise a peer that
		// never takes all of the output would make the buffer grow.
		s.out = s.out[:copy(s.out, s.out[s.sent:])]
		s.sent = 0
	}
	for len(data) > 0 && s.state == open && !s.full() {
		n, err := s.reply(data)
		data = data[n:]
		if err != nil {
			s.fail(err)
		}
		if n == 0 {
			break
		}
	}
	s.paused = s.full()
	return data
}

// reply answers some of the requests at the start of data, and returns how many bytes
// they take: 0 if the first one is incomplete. An error concerns the bytes behind them.
func (s *Session) reply(data []byte) (taken int, err error) {
	replies, limit := 1, s.sent+s.cfg.OutputHigh
	if s.last >= longReply {
		limit = 0 // one at a time
	} else if s.inShift > 0 {
		replies = max(1, min(len(data)>>s.inShift, manyReplies))
	}
	most := s.cfg.MaxRequest + Allowance
	in := data[:min(len(data), most)]
	size := s.roomFor(replies)
	if size > longRoom {
		// A request that is not whole needs no room.
		if need, err := s.handler.Need(in, s.cfg.MaxRequest); err != nil || need > len(in) {
			return 0, s.incomplete(in, need, err)
		}
	}
	out := s.grow(size)
	for asked := 0; s.state == open; asked++ {
		before := len(out)
		after, taken, answered, room, err := s.handler.Serve(out, in, s.cfg.MaxRequest, limit)
		if room > cap(out)-before && room <= mostRoom && asked < mostAsks {
			out = s.grow(room)
			continue
		}
		if uint(taken) > uint(len(in)) || answered < 0 || taken > 0 && answered > taken || room > 0 {
			panic(fmt.Sprintf("took %d of %d bytes, answered %d requests, and asked %d times for room, at last for %d bytes where %d were free",
				taken, len(in), answered, asked, room, cap(out)-before))
		}
		s.replace(after)
		if taken > 0 {
			s.note(taken, answered, len(after)-before)
			return taken, err
		}
		if err != nil {
			return 0, err
		}
		if len(after) > before || answered > 0 {
			panic("answered a request that it did not take")
		}
		need, err := s.handler.Need(in, s.cfg.MaxRequest)
		return 0, s.incomplete(in, need, err)
	}
	return 0, nil
}

// incomplete returns why a session cannot wait for the rest of the request that in is,
// or nil if it can. need and err are Need's results.
func (s *Session) incomplete(in []byte, need int, err error) error {
	if most := s.cfg.MaxRequest + Allowance; err == nil && max(need, len(in)+1) > most {
		return tooLong(s.cfg.MaxRequest)
	}
	return err
}

func tooLong(max int) error { return fmt.Errorf("%w: the limit is %d bytes", ErrTooLong, max) }

// note keeps the lengths of the last requests and replies, in bytes, for the size of
// the next buffer.
func (s *Session) note(taken, answered, replied int) {
	if answered > 1 {
		taken /= answered
		replied /= answered
	}
	if answered > 0 {
		s.inShift = uint8(bits.Len(uint(taken)) - 1)
		s.last = int32(min(replied, math.MaxInt32))
		s.answered += uint64(answered)
	}
}

// full reports whether another reply as long as the last one would cross the output
// limit.
func (s *Session) full() bool {
	unsent := len(s.out) - s.sent
	return unsent > 0 && unsent+int(s.last) > s.cfg.OutputHigh
}

// answerKept answers the requests in s.in, and keeps the rest there.
func (s *Session) answerKept() {
	rest := s.answer(s.in)
	if len(rest) > 0 {
		s.in = s.in[:copy(s.in, rest)]
	} else if s.in != nil {
		s.cfg.Buffers.Put(s.in)
		s.in = nil
	}
}

// complete moves bytes from p to s.in until the request there is whole, answers it, and
// returns the rest of p. It moves no more than the request is known to need, because
// the requests behind it are answered where they lie.
func (s *Session) complete(p []byte) (rest []byte) {
	for len(p) > 0 && s.in != nil && s.state == open && !s.paused {
		missing, err := s.missing()
		if err != nil {
			s.fail(err)
			break
		}
		n := len(p)
		// The bytes in ReadBuffer are the request's, whatever Need says now.
		if missing > 0 && !s.holds(p) {
			n = min(n, missing)
		}
		s.keep(p[:n])
		p = p[n:]
		if missing <= n {
			s.answerKept()
		}
	}
	return p
}

// missing returns how many bytes the request in s.in is known to lack: 0 if that is
// unknown. The error is why its rest is not worth waiting for.
func (s *Session) missing() (int, error) {
	need, err := s.handler.Need(s.in, s.cfg.MaxRequest)
	return max(need, len(s.in)) - len(s.in), s.incomplete(s.in, need, err)
}

// keep appends p to s.in; p may already lie there (see ReadBuffer). s.in grows with the
// input received, never with the length that a request announces.
func (s *Session) keep(p []byte) {
	if len(p) == 0 || s.state != open {
		return
	}
	in := s.cfg.Buffers.Grow(s.in, len(p))
	if in == nil {
		s.Abort(ErrMemory)
		return
	}
	s.in = in
	if !s.holds(p) {
		copy(s.in[len(in):cap(in)], p)
	}
	s.in = in[:len(in)+len(p)]
}

// holds reports whether p, which is not empty, lies directly behind s.in in its buffer.
func (s *Session) holds(p []byte) bool {
	free := s.in[len(s.in):cap(s.in)]
	return len(free) > 0 && &free[0] == &p[0]
}

// room returns the output with roomFor the given number of replies.
func (s *Session) room(replies int) []byte { return s.grow(s.roomFor(replies)) }

// roomFor returns how many free bytes the output should have for the given number of
// replies: 64 for each, or the last reply's length if that is more.
func (s *Session) roomFor(replies int) int {
	const small = 64
	size := replies * max(small, int(s.last))
	if s.out == nil {
		size = max(size, min(1<<s.outShift, s.cfg.OutputHigh)) // the next output is likely to be as long as the last one
	}
	return size
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

// replace stores the output that a handler returned, which must begin with the present
// one. If append has moved it, or the handler made a slice of its own, the new bytes are
// copied: memory that is not the pool's, such as a constant reply or a model's read
// buffer, must not come into it. If there is no memory for that, the session ends.
func (s *Session) replace(out []byte) {
	switch {
	case s.out == nil || unsafe.SliceData(out) != unsafe.SliceData(s.out):
		if !bytes.HasPrefix(out, s.out) {
			panic("did not append to the output, but replaced it")
		}
		made := out[len(s.out):]
		if s.grow(len(made)); s.state != open {
			return
		}
		s.out = append(s.out, made...)
	case len(out) < len(s.out):
		panic(fmt.Sprintf("shortened the output from %d bytes to %d", len(s.out), len(out)))
	default:
		s.out = s.out[:len(out)] // with the buffer's capacity, whatever out's is
	}
	if len(s.out) == 0 {
		s.dropOutput()
	}
}
