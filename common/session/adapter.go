package session

import (
	"bufio"
	"cmp"
	"errors"
	"strings"
	"unicode"
)

// Answer returns the reply to one request, without the bytes that frame it. It is the
// short form of a Handler: see Split and Prefixed.
//
// buf is empty. A reply that is appended to it is made where it will be sent, without
// an allocation while the reply fits. An Answer may ignore buf and return other memory,
// also a part of request; the bytes are then copied at once. It must not change request,
// and must not keep request or buf.
//
// Besides nil it may return three kinds of error. NoReply: the request gets no reply.
// Done: the connection ends when all replies are sent, the returned one included, unless
// that is empty. Any other error is told to the client in place of the reply, and ends
// the connection.
type Answer func(buf, request []byte) (reply []byte, err error)

// NoReply is returned by an Answer whose request gets no reply.
//
//lint:ignore ST1012 it is no failure, as io.EOF is none
var NoReply = errors.New("no reply")

// Adapter is a Protocol made of an Answer. Split and Prefixed make one for connections
// without state, SplitConn and PrefixedConn for connections with state. It answers all
// whole requests that arrived together, and allocates nothing itself.
type Adapter struct {
	// Refusal returns the last reply of a connection that ends early, or that is not
	// served: why is an error of the Answer, or wraps ErrTooLong, ErrRefused and so on.
	// It gets buf as an Answer does, and is framed as a reply is. If it is empty, the
	// client is told nothing. nil: the reply is the text of why, on one line.
	//
	// Set it before the server is made.
	Refusal func(buf []byte, why error) []byte

	framing framing
	open    func() Answer
	shared  *adapted // the handler of all connections, if they have no state
}

// framing is the form of an Adapter's requests and replies.
type framing interface {
	check() error
	// next returns the request at the start of in, and how many bytes of in it takes.
	// If taken is more than 0 and the request nil, these bytes are no request. If both
	// are zero, the request is incomplete. bufio.ErrFinalToken says that this request,
	// if there is one, is the last one.
	next(in []byte, max int) (request []byte, taken int, err error)
	need(in []byte, max int) (int, error) // see Handler
	begin(out []byte) []byte
	// end completes the reply that begin began at out[start:].
	end(out []byte, start int) ([]byte, error)
	longest() int // reply, in bytes
}

func newAdapter(f framing, answer Answer) *Adapter {
	a := &Adapter{framing: f}
	if answer != nil {
		a.shared = &adapted{a, answer}
	}
	return a
}

// Start implements Starter. It returns an error if the adapter is not complete.
func (a *Adapter) Start(Env) error {
	var err error
	if a.open == nil && a.shared == nil {
		err = errors.New("session: the adapter has no function that answers")
	}
	return cmp.Or(err, a.framing.check())
}

// Open implements Protocol.
func (a *Adapter) Open() Handler {
	if a.shared != nil {
		return a.shared
	}
	return &adapted{a, a.open()}
}

// adapted is the Handler of an Adapter's connection.
type adapted struct {
	*Adapter
	answer Answer
}

func (h *adapted) Need(in []byte, max int) (int, error) { return h.framing.need(in, max) }

func (h *adapted) Serve(out, in []byte, max, limit int) (_ []byte, taken, answered, room int, err error) {
	single := limit <= len(out)
	for taken < len(in) {
		request, n, err := h.framing.next(in[taken:], max)
		taken += n
		final := err == bufio.ErrFinalToken
		switch {
		case err != nil && !final:
			return out, taken, answered, 0, err
		case request == nil && final:
			return out, taken, answered, 0, Done
		case request == nil && n == 0:
			return out, taken, answered, 0, nil
		case request == nil:
			continue
		}
		before, free := len(out), cap(out)
		if out, err = h.reply(out, request); err != nil && err != Done {
			return out, taken, answered, 0, err
		}
		answered++
		if final {
			err = Done
		}
		size := len(out) - before
		// A reply like this one would cross the limit, or move the output; if this
		// one moved it, the session must see that first.
		if err != nil || single || len(out)+size > limit || size > cap(out)-len(out) || cap(out) != free {
			return out, taken, answered, 0, err
		}
	}
	return out, taken, answered, 0, nil
}

// reply appends the framed reply to a request. After an error other than Done, out is
// as before.
func (h *adapted) reply(out, request []byte) ([]byte, error) {
	start := len(out)
	out = h.framing.begin(out)
	reply, err := h.answer(out[len(out):], request)
	if err != nil {
		switch {
		case errors.Is(err, NoReply):
			return out[:start], nil
		case !errors.Is(err, Done):
			return out[:start], err
		case len(reply) == 0:
			return out[:start], Done
		}
		err = Done
	}
	out, tooLong := h.framing.end(place(out, reply), start)
	if tooLong != nil {
		return out[:start], tooLong
	}
	return out, err
}

func (h *adapted) Refuse(out []byte, why error) []byte {
	start := len(out)
	out = h.framing.begin(out)
	var reply []byte
	if h.Refusal != nil {
		reply = h.Refusal(out[len(out):], why)
	} else {
		reply = append(out[len(out):], strings.Map(printable, why.Error())...)
	}
	if len(reply) == 0 {
		return out[:start]
	}
	reply = reply[:min(len(reply), h.framing.longest())]
	out, _ = h.framing.end(place(out, reply), start)
	return out
}

// printable keeps a reason on one line.
func printable(r rune) rune {
	if unicode.IsControl(r) {
		return ' '
	}
	return r
}

// place returns out with a reply behind it. The reply may lie there already.
func place(out, reply []byte) []byte {
	if free := out[len(out):cap(out)]; len(reply) > 0 && len(reply) <= len(free) && &reply[0] == &free[0] {
		return out[:len(out)+len(reply)]
	}
	return append(out, reply...)
}
