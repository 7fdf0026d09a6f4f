package session_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/buffer"
	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/session"
)

// The test feeds a session any stream, cut anywhere, and takes its output in
// any pieces at any times. The session must make exactly the expected replies,
// whole and in order.
func TestSessionAgainstItsReplies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t)
		t.Repeat(map[string]func(*rapid.T){
			"":     m.check,
			"feed": m.feed,
			"sent": m.send,
			"end":  m.end,
		})
		m.complete(t)
	})
}

// piece is a part of the stream and its expected reply.
type piece struct {
	data, reply []byte
	known       int   // how many of its bytes decide the reply
	err         error // the error with which it ends the session
	panics      bool
}

// GoString formats a piece for rapid.
func (p piece) GoString() string { return fmt.Sprintf("%.60q", p.data) }

type ending string

const (
	eof    ending = "FeedEOF"
	finish ending = "Finish"
	abort  ending = "Abort"
)

// machine is a session and a model of its expected behaviour.
type machine struct {
	cfg    *session.Config
	s      session.Session
	pieces []piece
	in     []byte
	fed    int

	// When in[:endAt] is fed, the test ends the session. Only Finish allows
	// more input afterwards.
	endAt  int
	ending ending
	ended  bool

	want    []byte // the whole expected output
	largest int    // length of the largest reply in it
	err     error  // the session's expected error, if it is not aborted
	panics  bool   // the input makes the handler panic
	tight   bool   // memory for buffers may run out
	got     []byte
	held    bool // the output limit has been exceeded
}

func newMachine(t *rapid.T) *machine {
	m := &machine{cfg: config()}
	m.cfg.OutputHigh = rapid.IntRange(0, 200).Draw(t, "OutputHigh")
	m.cfg.OutputLow = rapid.IntRange(0, m.cfg.OutputHigh).Draw(t, "OutputLow")
	if m.tight = rapid.IntRange(0, 4).Draw(t, "tight") == 4; m.tight {
		m.cfg.Buffers = buffer.NewPool(rapid.Int64Range(0, 4<<10).Draw(t, "memory"))
	}
	m.s = session.New(m.cfg)

	m.pieces = rapid.SliceOfN(rapid.Custom(request), 0, 20).Draw(t, "requests")
	if rapid.Bool().Draw(t, "with an error") {
		at := rapid.IntRange(0, len(m.pieces)).Draw(t, "before request")
		m.pieces = append(m.pieces[:at:at], append([]piece{rapid.Custom(mistake).Draw(t, "mistake")}, m.pieces[at:]...)...)
	}
	for _, p := range m.pieces {
		m.in = append(m.in, p.data...)
	}
	m.endAt = rapid.IntRange(0, len(m.in)).Draw(t, "end after")
	m.ending = rapid.SampledFrom([]ending{eof, eof, finish, finish, abort}).Draw(t, "by")

	start := 0
	for _, p := range m.pieces {
		if start+p.known > m.endAt {
			if m.ending == eof && start < m.endAt {
				m.err = session.ErrTruncated
			}
			break
		}
		m.want = append(m.want, p.reply...)
		m.largest = max(m.largest, len(p.reply))
		if m.err, m.panics = p.err, p.panics; m.err != nil || m.panics {
			break
		}
		start += len(p.data)
	}
	return m
}

func request(t *rapid.T) piece {
	body := rapid.OneOf(
		rapid.SampledFrom([]string{"", frame.Footer, string(stream("a frame in a frame"))}),
		rapid.StringMatching(`[a-z]{1,40}`),
		rapid.Map(rapid.IntRange(0, 2000), func(n int) string { return fmt.Sprint("big ", n) }),
		rapid.Map(rapid.IntRange(0, maxFrame-len(frame.Footer)), func(n int) string { return strings.Repeat("l", n) }),
	).Draw(t, "body")
	data := stream(body)
	return piece{data: data, known: len(data), reply: stream(string(shout{}.AppendReply(nil, []byte(body))))}
}

func mistake(t *rapid.T) piece {
	data := stream("a request")
	p := piece{known: frame.Header} // a wrong length is known from the header
	switch rapid.SampledFrom([]string{"length 0", "length 4", "too long", "footer", "panic"}).Draw(t, "kind") {
	case "length 0":
		data[0] = 0
	case "length 4":
		data[0] = 4
	case "too long":
		data[1] = 0xff
	case "footer":
		data[len(data)-1] ^= 1
		p.known = len(data)
	case "panic":
		data = stream("panic")
		return piece{data: data, known: len(data), panics: true}
	}
	_, _, p.err = frame.Next(data, maxFrame)
	p.data, p.reply = data, stream("refused: "+p.err.Error())
	return p
}

func (m *machine) feed(t *rapid.T) {
	most := m.endAt
	if m.ended {
		// After Finish, or after the peer's end, no more requests are fed; a
		// lingering session discards its input.
		if m.ending != finish || m.s.Paused() {
			t.Skip("nothing may come now")
		}
		most = len(m.in)
	}
	if m.fed == most {
		t.Skip("nothing is left")
	}
	// Feed even if the session does not want to read, because a model may have
	// read before it asked.
	m.feedBytes(rapid.IntRange(1, most-m.fed).Draw(t, "bytes"))
}

func (m *machine) feedBytes(n int) {
	p := bytes.Clone(m.in[m.fed : m.fed+n])
	m.fed += n
	m.s.Feed(p)
	clear(p) // the caller reuses its buffer
}

func (m *machine) send(t *rapid.T) {
	m.sendBytes(rapid.IntRange(0, len(m.s.Output())).Draw(t, "bytes"))
}

func (m *machine) sendBytes(n int) {
	m.got = append(m.got, m.s.Output()[:n]...)
	if len(m.s.Output())-n <= m.cfg.OutputLow {
		m.held = false
	}
	m.s.Sent(n)
}

func (m *machine) end(t *rapid.T) {
	if m.ended || m.fed < m.endAt {
		t.Skip("not yet")
	}
	m.endNow()
}

func (m *machine) endNow() {
	m.ended = true
	switch m.ending {
	case eof:
		m.s.FeedEOF()
	case finish:
		m.s.Finish()
	case abort:
		m.s.Abort(errAborted)
	}
}

var errAborted = errors.New("aborted")

// check checks the invariants after every step.
func (m *machine) check(t *rapid.T) {
	out, wants := m.s.Output(), m.s.Wants()
	if all := append(bytes.Clone(m.got), out...); !bytes.HasPrefix(m.want, all) {
		t.Fatalf("output %q is no beginning of %q", all, m.want)
	}
	require.LessOrEqual(t, len(out), m.cfg.OutputHigh+m.largest, "unsent bytes: one reply above the limit at most")
	require.LessOrEqual(t, m.s.Answered(), uint64(len(m.pieces)))
	if wants == 0 {
		return
	}
	require.Equal(t, len(out) > 0, wants&session.Write != 0, "wants to write its output")

	// From the time when the output limit is exceeded until little output is
	// left, the session must not want to read.
	waiting := m.fed - m.answeredBytes()
	m.held = m.held || len(out) > m.cfg.OutputHigh
	if m.held {
		require.Zero(t, wants&session.Read, "wants to read with %d bytes unsent, %d bytes waiting", len(out), waiting)
	}
	if len(out) == 0 && waiting == 0 {
		require.Zero(t, m.cfg.Buffers.Lent(), "bytes lent to an idle session")
	}
}

// answeredBytes returns how many bytes of the stream are answered.
func (m *machine) answeredBytes() (n int) {
	for _, p := range m.pieces[:m.s.Answered()] {
		n += len(p.data)
	}
	return n
}

// complete serves the session to its end, as the package comment describes.
func (m *machine) complete(t *rapid.T) {
	for m.s.Wants() != 0 {
		m.check(t)
		switch out := m.s.Output(); {
		case len(out) > 0:
			m.sendBytes(rapid.IntRange(1, len(out)).Draw(t, "rest of output"))
		case m.s.Wants()&session.Read == 0:
			t.Fatalf("wants to write, and has nothing to send")
		case m.fed < m.endAt:
			m.feedBytes(m.endAt - m.fed)
		case !m.ended:
			m.endNow()
		default:
			m.s.FeedEOF() // the peer closes in turn
		}
	}
	m.check(t)

	err := m.s.Err()
	_, panicked := errors.AsType[*session.PanicError](err)
	require.True(t, !panicked || m.panics, "%v", err)
	require.True(t, err != session.ErrMemory || m.tight, "%v", err)
	if err != errAborted && err != session.ErrMemory && !panicked {
		require.False(t, m.panics, "the panic got lost")
		require.Equal(t, m.err, err)
		require.Equal(t, string(m.want), string(m.got))
	}
	m.s.Release()
	require.Zero(t, m.cfg.Buffers.Lent(), "bytes of buffers are still lent")
	require.Zero(t, m.s.Wants())
}
