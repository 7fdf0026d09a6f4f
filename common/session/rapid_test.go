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

// A session that is fed any stream, cut anywhere, and whose output is taken in
// any pieces at any times, makes the replies that are written down here beside
// each request, whole and in order, and nothing else.
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

// piece is a part of the stream and what it is answered with.
type piece struct {
	data, reply []byte
	known       int   // how many of its bytes show what it is
	err         error // it ends the session
	panics      bool
}

// GoString is how rapid shows a piece.
func (p piece) GoString() string { return fmt.Sprintf("%.60q", p.data) }

type ending string

const (
	eof    ending = "FeedEOF"
	finish ending = "Finish"
	abort  ending = "Abort"
)

// machine is a session and what is known of it from outside.
type machine struct {
	cfg    *session.Config
	s      session.Session
	pieces []piece
	in     []byte
	fed    int

	// When in[:endAt] is fed, the session is ended from outside. Only after
	// Finish can more be under way.
	endAt  int
	ending ending
	ended  bool

	want    []byte // all that may come out
	largest int    // of the replies in it
	err     error  // what the session is to end with, if it is not aborted
	panics  bool   // what it is fed makes the handler panic
	tight   bool   // memory for buffers may run out
	got     []byte
	held    bool // the output limit was seen to hold input back
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
	p := piece{known: frame.Header} // a wrong length need not be waited for
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
		// A server that has finished, or a peer that has, feeds no more
		// requests; what a lingering session is fed it discards.
		if m.ending != finish || m.s.Paused() {
			t.Skip("nothing may come now")
		}
		most = len(m.in)
	}
	if m.fed == most {
		t.Skip("nothing is left")
	}
	// Fed or not is up to the peer, even where the session does not want to
	// read: a model may have read before it asked.
	m.feedBytes(rapid.IntRange(1, most-m.fed).Draw(t, "bytes"))
}

func (m *machine) feedBytes(n int) {
	p := bytes.Clone(m.in[m.fed : m.fed+n])
	m.fed += n
	m.s.Feed(p)
	clear(p) // as a buffer that is read into again
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

// check holds after every step.
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
	require.Equal(t, len(out) > 0, wants&session.Write != 0, "wants to write what there is")

	// From when the limit holds input back until little is left, nothing is
	// to be read.
	waiting := m.fed - m.answeredBytes()
	m.held = m.held || len(out) > m.cfg.OutputHigh
	if m.held {
		require.Zero(t, wants&session.Read, "wants to read with %d bytes unsent, %d bytes waiting", len(out), waiting)
	}
	if len(out) == 0 && waiting == 0 {
		require.Zero(t, m.cfg.Buffers.Lent(), "bytes lent to an idle session")
	}
}

// answeredBytes returns how much of the stream was answered.
func (m *machine) answeredBytes() (n int) {
	for _, p := range m.pieces[:m.s.Answered()] {
		n += len(p.data)
	}
	return n
}

// complete serves the session to its end as its package documentation has it.
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
