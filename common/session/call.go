package session

import (
	"errors"

	"github.com/ioflavors/ioflavors/common/buffer"
)

// Blocker is a Handler that can tell which requests may keep it waiting: for a disk, a
// database, another service. A server that runs such requests off its loops
// (server.OffloadPredicate) asks it first. Its Serve must then be safe for concurrent
// use by different connections, as in a server with several threads.
type Blocker interface {
	Handler
	// MayBlock reports whether Serve would perhaps wait if it were called with in,
	// which is not empty. max is Serve's. Serve may answer several requests, so
	// MayBlock looks at all those that Serve would. It must not block itself, and
	// changes nothing. True costs the hand-over to another goroutine, some
	// microseconds; false for a request that does block costs all clients of the loop
	// that time.
	MayBlock(in []byte, max int) bool
}

// Call is one call of a handler that may block. It is made by Session.Take, runs on any
// goroutine, and comes back by Session.Return. It has nothing in common with its session
// but the handler, which the session does not call meanwhile. So the session goes on
// sending earlier replies, and may end at any time.
type Call struct {
	// answer makes the replies. It is a session of its own, without input.
	answer Session
	in     []byte
	limit  int // of the replies' bytes
	taken  int
	err    error
}

// errUnfinished is a call's error while it runs.
var errUnfinished = errors.New("the handler has not returned")

// readAhead is how many bytes of requests a Call may have while its session reads on,
// until it has read something. So a client with one request under way is watched for
// its departure, and needs no other registration with the poller; a client with many
// cannot pile up more with each Call.
const readAhead = 4 << 10

// readsOn reports whether the session reads while its Call is away.
func (s *Session) readsOn() bool { return s.in == nil && len(s.call.in) <= readAhead }

// mayBlock asks the handler whether the requests at the start of data may block.
func (s *Session) mayBlock(data []byte) bool {
	b, ok := s.handler.(Blocker)
	return ok && b.MayBlock(data[:min(len(data), s.cfg.MaxRequest+Allowance)], s.cfg.MaxRequest)
}

// Blocked reports whether the session waits for Take.
func (s *Session) Blocked() bool { return s.state == open && s.hold == blocked }

// Away reports whether the session waits for Take or for Return: it owes replies that
// it cannot make now, whatever its peer does.
func (s *Session) Away() bool { return s.state == open && s.hold >= blocked }

// Take returns the call for which a session that is Blocked waits.
func (s *Session) Take() *Call {
	c := &Call{
		answer: Session{cfg: s.cfg, handler: s.handler, last: s.last, outShift: s.outShift, inShift: s.inShift},
		in:     s.in,
		limit:  s.cfg.OutputHigh - (len(s.out) - s.sent),
	}
	s.in, s.call, s.hold = nil, c, away
	return c
}

// Run calls the handler. It contains a handler that goes wrong.
func (c *Call) Run() {
	// The result if the handler ends its goroutine; otherwise it comes too late.
	defer func() {
		if c.err == errUnfinished {
			c.answer.Abort(&PanicError{Value: "the handler ended its goroutine"})
		}
	}()
	defer c.answer.recoverPanic()
	c.err = errUnfinished
	c.taken, c.err = c.answer.reply(c.in, c.limit)
}

// Err returns the handler's panic, if it panicked, once the call has run.
func (c *Call) Err() error { return c.answer.err }

// Return takes the results of a call that has run, and goes on with the requests behind
// it. If the session has ended meanwhile, the results are dropped, and Return reports
// false.
func (s *Session) Return(c *Call) bool {
	if s.call != c || s.state != open {
		c.release()
		return false
	}
	s.call, s.hold = nil, free
	defer s.recoverPanic()
	a := &c.answer
	s.answered += a.answered
	s.last, s.inShift = a.last, a.inShift
	if a.state == over {
		s.Abort(a.err)
		c.release()
		return true
	}
	arrived := s.in != nil
	if !s.adopt(c) {
		s.Abort(ErrMemory)
		c.release()
		return true
	}
	switch {
	case c.err != nil:
		s.fail(c.err)
	case c.taken > 0 || arrived:
		s.answerKept()
	}
	s.advance()
	return true
}

// adopt puts a call's replies behind the session's output, and its unanswered input
// before the input that has arrived since. It reports false if there is no memory for
// that.
func (s *Session) adopt(c *Call) bool {
	pool, a := s.cfg.Buffers, &c.answer
	if s.out == nil {
		s.out, a.out = a.out, nil
	} else if out := pool.Grow(s.out, len(a.out)); out != nil {
		s.out = append(out, a.out...)
	} else {
		return false
	}
	rest := c.in[c.taken:]
	c.in = c.in[:copy(c.in, rest)]
	switch {
	case len(rest) == 0:
	case s.in == nil:
		s.in, c.in = c.in, nil
	default:
		in := pool.Grow(c.in, len(s.in))
		if in == nil {
			return false
		}
		in = append(in, s.in...)
		pool.Put(s.in)
		s.in, c.in = in, nil
	}
	c.release()
	return true
}

// release gives back the buffers that the call still has.
func (c *Call) release() {
	pool := c.answer.cfg.Buffers
	put(pool, c.in)
	put(pool, c.answer.out)
	c.in, c.answer.out = nil, nil
}

func put(pool *buffer.Pool, b []byte) {
	if b != nil {
		pool.Put(b)
	}
}
