package session_test

import (
	"bytes"
	"fmt"
	"io"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/buffer"
	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/session"
)

// shout answers in capitals. Two requests are special: "big N" gets N bytes, and
// "panic" panics after it has appended some bytes.
type shout struct{}

func (shout) AppendReply(dst, request []byte) []byte {
	var n int
	switch _, err := fmt.Sscanf(string(request), "big %d", &n); {
	case err == nil:
		return append(dst, bytes.Repeat([]byte("x"), n)...)
	case string(request) == "panic":
		_ = append(dst, "half an ans"...)
		panic("at the disco")
	}
	return append(dst, bytes.ToUpper(request)...)
}

func (h shout) Open() session.Handler { return h }

func (h shout) Serve(dst, data []byte, maxFrame, limit int) ([]byte, int, int, int, error) {
	return answerEach(h, dst, data, maxFrame, limit)
}

// answerEach is Serve for a handler that answers one request at a time.
func answerEach(h interface {
	AppendReply(dst, request []byte) []byte
}, dst, data []byte, maxFrame, limit int) (out []byte, taken, answered, need int, err error) {
	for {
		body, n, err := frame.Next(data[taken:], maxFrame)
		if n == 0 || err != nil {
			return dst, taken, answered, 0, err
		}
		start := len(dst)
		out, mark := frame.Begin(dst)
		out = frame.End(h.AppendReply(out, body), mark)
		if len(out) > cap(dst) { // the reply does not fit
			if answered == 0 {
				need = len(out) - start
			}
			return dst, taken, answered, need, nil
		}
		dst = out
		taken += n
		answered++
		if len(dst)+len(dst)-start > limit {
			return dst, taken, answered, 0, nil
		}
	}
}

func (shout) Need(in []byte, max int) (int, error) {
	size, err := frame.Size(in, max)
	if size == 0 {
		size = frame.Header
	}
	return size, err
}

func (shout) Refuse(dst []byte, why error) []byte {
	out, mark := frame.Begin(dst)
	return frame.End(append(append(out, "refused: "...), why.Error()...), mark)
}

const maxFrame = 1 << 10

func config() *session.Config {
	return &session.Config{
		Protocol:   shout{},
		Buffers:    buffer.NewPool(1 << 30),
		MaxRequest: maxFrame,
		OutputHigh: 1 << 20,
		OutputLow:  1 << 18,
	}
}

// stream returns bodies as frames, one after the other.
func stream(bodies ...string) []byte {
	var out []byte
	for _, body := range bodies {
		var mark int
		out, mark = frame.Begin(out)
		out = frame.End(append(out, body...), mark)
	}
	return out
}

// bodies returns the bodies of the frames in data, which holds nothing else.
func bodies(t *testing.T, data []byte) (bodies []string) {
	t.Helper()
	for len(data) > 0 {
		body, n, err := frame.Next(data, 1<<30)
		require.NoError(t, err)
		require.NotZero(t, n, "%q is no whole frame", data)
		bodies = append(bodies, string(body))
		data = data[n:]
	}
	return bodies
}

// drain takes the output, size bytes at a time.
func drain(s *session.Session, size int) (out []byte) {
	for len(s.Output()) > 0 {
		part := s.Output()[:min(size, len(s.Output()))]
		out = append(out, part...)
		s.Sent(len(part))
	}
	return out
}

// checkReturned fails if the session still holds memory.
func checkReturned(t *testing.T, cfg *session.Config) {
	t.Helper()
	assert.Zero(t, cfg.Buffers.Lent(), "bytes of buffers are still lent")
}

func TestEveryCutAndEveryShortWrite(t *testing.T) {
	in := stream("one", "", "a third, with @EOF@ in it")
	want := stream("ONE", "", "A THIRD, WITH @EOF@ IN IT")
	for size := 1; size <= len(want); size++ {
		for a := 0; a <= len(in); a++ {
			for b := a; b <= len(in); b++ {
				cfg := config()
				s := session.New(cfg)
				var got []byte
				for _, part := range [][]byte{in[:a], in[a:b], in[b:]} {
					p := bytes.Clone(part)
					s.Feed(p)
					clear(p) // the caller reuses its buffer
					got = append(got, drain(&s, size)...)
				}
				if !bytes.Equal(want, got) || s.Wants() != session.Read || s.Answered() != 3 || cfg.Buffers.Lent() != 0 {
					t.Fatalf("cut at %d and %d, %d bytes a write: %q, wants %b, %d answered, %d bytes lent",
						a, b, size, got, s.Wants(), s.Answered(), cfg.Buffers.Lent())
				}
			}
		}
	}
}

func TestByteByByte(t *testing.T) {
	cfg := config()
	s := session.New(cfg)
	var got []byte
	for _, b := range stream(strings.Repeat("abc", 300), "x", "") {
		s.Feed([]byte{b})
		got = append(got, drain(&s, 7)...)
	}
	assert.Equal(t, stream(strings.Repeat("ABC", 300), "X", ""), got)
	checkReturned(t, cfg)
}

func TestThousandsOfFramesAtOnce(t *testing.T) {
	var in, want []string
	for i := range 10_000 {
		in, want = append(in, fmt.Sprint("request ", i)), append(want, fmt.Sprint("REQUEST ", i))
	}
	cfg := config()
	s := session.New(cfg)
	s.Feed(stream(in...))
	assert.Equal(t, want, bodies(t, drain(&s, 4096)))
	checkReturned(t, cfg)
}

func TestAPartOfAFrameIsPartial(t *testing.T) {
	s := session.New(config())
	in := stream("body")
	assert.False(t, s.Partial())
	s.Feed(in[:3])
	assert.True(t, s.Partial())
	s.Feed(in[3:])
	assert.False(t, s.Partial())
	s.Feed(append(stream("next"), in[:9]...))
	assert.True(t, s.Partial())
}

func TestOverTheOutputLimitNothingIsReadUntilThereIsRoom(t *testing.T) {
	cfg := config()
	cfg.OutputHigh, cfg.OutputLow = 1000, 250
	s := session.New(cfg)
	var in, want []string
	for i := range 100 {
		in, want = append(in, "big 300", fmt.Sprint(i)), append(want, strings.Repeat("x", 300), fmt.Sprint(i))
	}
	s.Feed(stream(in...))

	assert.Equal(t, session.Write, s.Wants(), "the session must not read")
	assert.Greater(t, len(s.Output()), 1000-300-frame.Overhead)
	assert.LessOrEqual(t, len(s.Output()), 1000, "another reply like the last one would cross the limit")
	assert.False(t, s.Partial(), "it is not the client that is late")

	var got []byte
	for answered := s.Answered(); answered < 200; answered = s.Answered() {
		for s.Answered() == answered {
			if len(s.Output()) > 250 {
				require.Equal(t, session.Write, s.Wants())
			}
			got = append(got, s.Output()[0])
			s.Sent(1)
		}
		require.LessOrEqual(t, len(s.Output()), 1000+300+frame.Overhead)
	}
	got = append(got, drain(&s, 100)...)
	assert.Equal(t, want, bodies(t, got))
	assert.Equal(t, session.Read, s.Wants())
	checkReturned(t, cfg)
}

// A reply that just fills the limit does not exceed it, and a session goes on at
// exactly OutputLow unsent bytes.
func TestTheOutputLimitsAreThemselvesAllowed(t *testing.T) {
	request := stream("1234")
	size := len(request) // its reply has the same length
	cfg := config()
	cfg.OutputHigh, cfg.OutputLow = 3*size, size
	s := session.New(cfg)
	for unsent := 1; unsent < 3; unsent++ {
		s.Feed(request)
		require.Equal(t, session.Read|session.Write, s.Wants(), "one more fits behind %d", unsent)
	}
	s.Feed(request)
	require.Len(t, s.Output(), cfg.OutputHigh)
	require.True(t, s.Paused(), "no more fits")
	s.Sent(2*size - 1)
	require.True(t, s.Paused(), "a byte more than OutputLow is left")
	s.Sent(1)
	assert.False(t, s.Paused())
	assert.Equal(t, session.Read|session.Write, s.Wants())
	s.Release()

	cfg.OutputHigh--
	s = session.New(cfg)
	s.Feed(request)
	s.Feed(request)
	assert.True(t, s.Paused(), "a third one would be a byte too many")
	s.Feed(request)
	s.Sent(len(s.Output()))
	assert.Len(t, s.Output(), size, "the requests that came meanwhile are answered")
	s.Release()
	checkReturned(t, cfg)
}

// Replies that are sent do not count, even while their memory is still held.
func TestTheOutputLimitCountsUnsentRepliesOnly(t *testing.T) {
	cfg := config()
	size := len(stream("R"))
	cfg.OutputHigh, cfg.OutputLow = 4*size, size
	s := session.New(cfg)
	s.Feed(stream("r", "r", "r"))
	s.Sent(size)
	s.Feed(stream("r"))
	assert.Len(t, s.Output(), 3*size)
	assert.False(t, s.Paused(), "another reply has room")
	s.Feed(stream("r"))
	assert.Len(t, s.Output(), 4*size)
	assert.True(t, s.Paused())
}

func TestInputThatComesDuringAPauseIsKeptInOrder(t *testing.T) {
	cfg := config()
	cfg.OutputHigh, cfg.OutputLow = 100, 10
	s := session.New(cfg)
	in := stream("big 200", "one", "two", "three")
	s.Feed(in[:20])
	require.Equal(t, session.Write, s.Wants())
	for _, b := range in[20:] { // a model should not feed now, but may
		s.Feed([]byte{b})
	}
	assert.Equal(t, []string{strings.Repeat("x", 200), "ONE", "TWO", "THREE"}, bodies(t, drain(&s, 50)))
	checkReturned(t, cfg)
}

// Sent bytes once stayed in the buffer until everything was sent.
func TestAPeerThatNeverTakesQuiteAllDoesNotMakeTheOutputGrow(t *testing.T) {
	cfg := config()
	cfg.OutputHigh, cfg.OutputLow = 2000, 500
	s := session.New(cfg)
	for range 10_000 {
		if s.Wants()&session.Read != 0 {
			s.Feed(stream("big 300", "big 300"))
		}
		s.Sent(len(s.Output()) - 1)
		require.LessOrEqual(t, cfg.Buffers.Lent(), int64(8<<10))
	}
}

func TestAHalfClosedClientGetsEveryAnswer(t *testing.T) {
	cfg := config()
	cfg.OutputHigh, cfg.OutputLow = 1000, 250
	s := session.New(cfg)
	s.Feed(stream(strings.Split(strings.Repeat("big 300,", 50)+"last", ",")...))
	s.FeedEOF()
	assert.Equal(t, session.Write, s.Wants())
	got := bodies(t, drain(&s, 77))
	assert.Len(t, got, 51)
	assert.Equal(t, "LAST", got[50])
	assert.Zero(t, s.Wants(), "the client has sent its FIN: nothing is left to wait for")
	assert.NoError(t, s.Err())
	checkReturned(t, cfg)
}

func TestEOFBetweenFramesEndsWell(t *testing.T) {
	s := session.New(config())
	s.Feed(stream("x"))
	drain(&s, 100)
	s.FeedEOF()
	assert.Zero(t, s.Wants())
	assert.NoError(t, s.Err())
}

func TestEOFInsideAFrameIsATruncation(t *testing.T) {
	for _, cut := range []int{1, 4, 6, len(stream("body")) - 1} {
		cfg := config()
		s := session.New(cfg)
		s.Feed(append(stream("whole"), stream("body")[:cut]...))
		s.FeedEOF()
		assert.Equal(t, []string{"WHOLE"}, bodies(t, drain(&s, 100)), "the whole requests are answered")
		assert.Zero(t, s.Wants())
		assert.ErrorIs(t, s.Err(), session.ErrTruncated, "cut at %d", cut)
		assert.ErrorIs(t, s.Err(), io.ErrUnexpectedEOF)
		s.Release()
		checkReturned(t, cfg)
	}
}

func TestWhatIsNoFrameIsRefusedWithAReasonAfterTheAnswers(t *testing.T) {
	wrongFooter := stream("body")
	wrongFooter[len(wrongFooter)-1] = '!'
	for name, c := range map[string]struct {
		bad  []byte
		want error
	}{
		"length 0":        {[]byte{0, 0, 0, 0}, frame.ErrTooShort},
		"length 4":        {[]byte{4, 0, 0, 0, 'a', 'b', 'c', 'd'}, frame.ErrTooShort},
		"one byte over":   {[]byte{1, 4, 0, 0}, frame.ErrTooLong},
		"length 2^32-1":   {[]byte{255, 255, 255, 255}, frame.ErrTooLong},
		"another kind":    {[]byte("GET / HTTP/1.1\r\n\r\n"), frame.ErrTooLong},
		"wrong footer":    {wrongFooter, frame.ErrFooter},
		"footer too late": {append([]byte{6, 0, 0, 0}, "@EOF@x"...), frame.ErrFooter},
	} {
		t.Run(name, func(t *testing.T) {
			for cut := range c.bad {
				cfg := config()
				s := session.New(cfg)
				s.Feed(append(stream("good"), c.bad[:cut]...))
				s.Feed(c.bad[cut:])
				s.Feed(stream("too late"))

				assert.Equal(t, session.Write, s.Wants())
				assert.Equal(t, []string{"GOOD", "refused: " + s.Err().Error()}, bodies(t, drain(&s, 10)))
				assert.ErrorIs(t, s.Err(), c.want)

				assert.Equal(t, session.Read, s.Wants(), "the client's further bytes are discarded")
				assert.True(t, s.Lingering())
				s.Feed(stream("nobody listens"))
				assert.Empty(t, s.Output())
				assert.EqualValues(t, 1, s.Answered())
				s.FeedEOF()
				assert.Zero(t, s.Wants())
				s.Release()
				checkReturned(t, cfg)
			}
		})
	}
}

func TestLingeringHasAnEnd(t *testing.T) {
	s := session.New(config())
	s.Feed([]byte("GET / HTTP/1.1\r\n\r\n"))
	drain(&s, 1000)
	sent := 0
	for s.Wants() != 0 {
		s.Feed(make([]byte, 10_000))
		require.Less(t, sent, 1<<20, "a client that never stops is listened to for ever")
		sent += 10_000
	}
	assert.GreaterOrEqual(t, sent, 256<<10)
}

// A peer that was told of an error may send only a limited amount more.
func TestTheLingerEndsWithTheLastByteThatIsDiscarded(t *testing.T) {
	const limit = 256 << 10
	cfg := config()
	s := session.New(cfg)
	s.Refuse("no")
	drain(&s, 1000)
	require.True(t, s.Lingering())
	s.Feed(make([]byte, limit-1))
	require.Equal(t, session.Read, s.Wants())
	s.Feed([]byte("x"))
	assert.Zero(t, s.Wants())
}

// Once half of the output is sent, the rest moves to the beginning of its buffer, so
// the buffer is large enough for a peer that takes as much as it gets. The next
// output's buffer is as large as the last output needed.
func TestTheOutputsBufferIsAsLargeAsItNeedBe(t *testing.T) {
	cfg := config()
	s := session.New(cfg)
	half := stream("big 503") // replies of 512 bytes
	s.Feed(half)
	for range 10 {
		s.Feed(half)
		require.Len(t, s.Output(), 1024)
		_, out := s.Held()
		require.Equal(t, 1024, out)
		s.Sent(512)
	}
	drain(&s, 1000)
	small := stream("small")
	s.Feed(small) // now the last reply is a short one
	drain(&s, 1000)
	s.Feed(bytes.Repeat(small, 300))
	_, large := s.Held()
	require.Greater(t, large, 1024)
	drain(&s, 10_000)
	s.Feed(small)
	_, out := s.Held()
	assert.GreaterOrEqual(t, out, large)
	drain(&s, 1000)
	s.Feed(small)
	_, out = s.Held()
	assert.Less(t, out, large, "but not for ever")
	s.Release()
	checkReturned(t, cfg)
}

// noting is a handler that notes for each call with room to answer whether it may answer
// more than one request.
type noting struct {
	shout
	several []bool
}

func (h *noting) Open() session.Handler { return h }

func (h *noting) Serve(dst, data []byte, maxFrame, limit int) ([]byte, int, int, int, error) {
	out, taken, answered, need, err := h.shout.Serve(dst, data, maxFrame, limit)
	if need == 0 {
		h.several = append(h.several, limit > len(dst))
	}
	return out, taken, answered, need, err
}

// Requests after a long reply are answered one by one, because there might not be room
// for all their replies.
func TestLongRepliesAreMadeAlone(t *testing.T) {
	for reply, alone := range map[int]bool{4<<10 - 1: false, 4 << 10: true} {
		h := new(noting)
		cfg := config()
		cfg.Protocol = h
		s := session.New(cfg)
		request := stream(fmt.Sprintf("big %d", reply-frame.Overhead))
		s.Feed(request)
		s.Feed(bytes.Repeat(request, 2))
		assert.Equal(t, []bool{true, !alone}, h.several[:2], "replies of %d bytes", reply)
		s.Release()
	}
}

func TestFinishAnswersWhatWasReceived(t *testing.T) {
	cfg := config()
	cfg.OutputHigh, cfg.OutputLow = 1000, 250
	s := session.New(cfg)
	s.Feed(append(stream(strings.Split(strings.Repeat("big 300,", 20)+"last", ",")...), 9, 0))
	s.Finish()
	assert.Equal(t, session.Write, s.Wants())
	got := bodies(t, drain(&s, 1000))
	assert.Len(t, got, 21)
	assert.NoError(t, s.Err(), "the part of a frame is dropped, without an error")
	assert.True(t, s.Lingering())
	s.Release()
	assert.Zero(t, s.Wants())
	checkReturned(t, cfg)
}

func TestARefusedSessionSaysWhy(t *testing.T) {
	s := session.New(config())
	s.Refuse("we are full")
	s.Feed(stream("hello?"))
	assert.Equal(t, []string{"refused: refused: we are full"}, bodies(t, drain(&s, 100)))
	assert.ErrorIs(t, s.Err(), session.ErrRefused)
	assert.True(t, s.Lingering())
}

func TestAPanicEndsItsSessionOnly(t *testing.T) {
	cfg := config()
	s, other := session.New(cfg), session.New(cfg)
	s.Feed(stream("fine", "panic", "never"))
	assert.Zero(t, s.Wants())
	var p *session.PanicError
	require.ErrorAs(t, s.Err(), &p)
	assert.Equal(t, "at the disco", p.Value)
	assert.Contains(t, string(p.Stack), "shout")
	s.Release()

	other.Feed(stream("still here"))
	assert.Equal(t, []string{"STILL HERE"}, bodies(t, drain(&other, 100)))
	checkReturned(t, cfg)
}

func TestAPanicAfterAPauseEndsTheSessionToo(t *testing.T) {
	cfg := config()
	cfg.OutputHigh, cfg.OutputLow = 100, 10
	s := session.New(cfg)
	s.Feed(stream("big 200", "panic"))
	require.Equal(t, session.Write, s.Wants())
	drain(&s, 1000)
	assert.Zero(t, s.Wants())
	assert.Error(t, s.Err())
}

func TestInputGrowsWithWhatCameNotWithWhatWasPromised(t *testing.T) {
	cfg := config()
	cfg.MaxRequest = 1 << 30
	s := session.New(cfg)
	s.Feed([]byte{0, 0, 0, 0x20, 'a', 'b', 'c', 'd', 'e', 'f'}) // announces half a GiB
	assert.LessOrEqual(t, cfg.Buffers.Lent(), int64(8<<10))
	s.Feed(make([]byte, 100_000))
	assert.LessOrEqual(t, cfg.Buffers.Lent(), int64(4*100_000+8<<10))
}

// Input may be cut anywhere, and read into ReadBuffer or other memory: the replies are
// the same, the memory stays in proportion to the input, and ReadBuffer never extends
// beyond the frame.
func TestTheRestOfALongFrameCanBeReadToWhereItStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := config()
		cfg.Protocol = echo{}
		cfg.MaxRequest = 1 << 20
		cfg.OutputHigh = 1 << 30
		s := session.New(cfg)
		var in []byte
		var ends []int // where the frames end
		for _, size := range rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 1<<20-5)), 1, 5).Draw(t, "sizes") {
			in = append(in, stream(strings.Repeat(string(rune('a'+len(ends))), size))...)
			ends = append(ends, len(in))
		}
		for fed := 0; fed < len(in); {
			end := ends[sort.SearchInts(ends, fed+1)]
			p := make([]byte, rapid.IntRange(1, 100<<10).Draw(t, "cut"))
			if buf := s.ReadBuffer(); buf != nil {
				require.LessOrEqual(t, len(buf), end-fed, "not of the frame")
				if rapid.Bool().Draw(t, "to ReadBuffer") {
					p = buf[:min(len(p), len(buf))]
				}
			}
			n := copy(p, in[fed:])
			fed += n
			s.Feed(p[:n])
			received, _ := s.Held()
			require.LessOrEqual(t, received, 8*fed+2<<10)
		}
		require.Equal(t, in, s.Output(), "echo")
	})
}

func TestRoomIsForLongFramesOnlyAndOnlyWhenTheyCome(t *testing.T) {
	room := func(frame, received int) int {
		cfg := config()
		cfg.MaxRequest = 1 << 24
		s := session.New(cfg)
		s.Feed(stream(strings.Repeat("x", frame))[:received])
		return len(s.ReadBuffer())
	}
	assert.Zero(t, room(1<<20, 0), "nothing came")
	assert.Zero(t, room(1<<20, 1000), "it is a promise so far")
	assert.Zero(t, room(1<<20, 1<<20), "nearly all of it came")
	assert.Zero(t, room(70_000, 60_000), "one read takes more than the remaining bytes")
	assert.NotZero(t, room(1<<20, 50_000))
	assert.LessOrEqual(t, room(1<<23, 1<<22), 1<<20, "others want to be read as well")
}

func TestRoomBeginsAndEndsAtItsBorders(t *testing.T) {
	const least, rest = 16 << 10, 64 << 10
	cfg := config()
	cfg.MaxRequest = 1 << 20
	s := session.New(cfg)
	long := stream(strings.Repeat("x", 200_000))
	s.Feed(long[:least-1])
	assert.Nil(t, s.ReadBuffer(), "too little has come")
	s.Feed(long[least-1 : least])
	assert.NotNil(t, s.ReadBuffer())
	s.Feed(long[least : len(long)-rest])
	assert.NotNil(t, s.ReadBuffer())
	s.Feed(long[len(long)-rest : len(long)-rest+1])
	assert.Nil(t, s.ReadBuffer(), "too little is missing")
	s.Release()
	checkReturned(t, cfg)
}

func TestWhatIsReadToRoomIsNotCopied(t *testing.T) {
	cfg := config()
	cfg.MaxRequest = 1 << 20
	s := session.New(cfg)
	in := stream(strings.Repeat("x", 1<<20-5))
	s.Feed(in[:500_000])
	first := s.ReadBuffer()
	s.Feed(first[:copy(first[:100], in[500_000:])])
	second := s.ReadBuffer()
	require.NotEmpty(t, second)
	assert.Same(t, &first[100], &second[0])
}

func TestWithoutMemoryThereIsNoRoom(t *testing.T) {
	cfg := config()
	cfg.MaxRequest = 1 << 20
	cfg.Buffers = buffer.NewPool(100_000)
	s := session.New(cfg)
	s.Feed(stream(strings.Repeat("x", 1<<20-5))[:64<<10])
	assert.Empty(t, len(s.ReadBuffer()))
	assert.NoError(t, s.Err(), "memory may be there when it is needed")
}

func TestWithoutMemoryTheSessionEnds(t *testing.T) {
	cfg := config()
	cfg.MaxRequest = 1 << 20
	cfg.Buffers = buffer.NewPool(10_000)
	s := session.New(cfg)
	s.Feed(append([]byte{0, 0, 8, 0}, make([]byte, 5000)...))
	s.Feed(make([]byte, 5000))
	s.Feed(make([]byte, 5000))
	assert.Zero(t, s.Wants())
	assert.ErrorIs(t, s.Err(), session.ErrMemory)
	s.Release()
	checkReturned(t, cfg)
}

func TestAnsweringAllocatesNothing(t *testing.T) {
	for _, size := range []int{10, 100, 900} {
		cfg := config()
		cfg.Protocol = echo{}
		s := session.New(cfg)
		in := stream(strings.Repeat("\x01", size), "second", strings.Repeat("\x02", size))
		round := func() {
			s.Feed(in[:len(in)-5])
			s.Sent(len(s.Output()))
			s.Feed(in[len(in)-5:])
			s.Sent(len(s.Output()))
		}
		round()
		if allocs := testing.AllocsPerRun(200, round); !raceDetector {
			assert.Zero(t, allocs, "%d bytes", size)
		}
	}
}

func TestALongRequestAllocatesNothing(t *testing.T) {
	cfg := config()
	cfg.Protocol = echo{}
	cfg.MaxRequest = 1 << 20
	s := session.New(cfg)
	in := stream(strings.Repeat("x", 1<<20-5))
	elsewhere := make([]byte, 64<<10)
	round := func() {
		for fed := 0; fed < len(in); {
			p := s.ReadBuffer()
			if p == nil {
				p = elsewhere
			}
			n := copy(p, in[fed:])
			fed += n
			s.Feed(p[:n])
		}
		s.Sent(len(s.Output()))
	}
	round()
	if allocs := testing.AllocsPerRun(50, round); !raceDetector {
		assert.Zero(t, allocs)
	}
}

// FuzzSession: for any input, cut anywhere, a session does not panic, gives the same
// replies, and takes memory in proportion to the input.
func FuzzSession(f *testing.F) {
	f.Add(stream("one", "two", "three"), uint8(3), uint8(5))
	f.Add(append(stream("one"), "GET / HTTP/1.1"...), uint8(1), uint8(1))
	f.Add(stream("big 5000", "big 5000", "x"), uint8(9), uint8(200))
	f.Add([]byte{255, 255, 255, 255, 0}, uint8(1), uint8(0))
	f.Add(stream("panic"), uint8(2), uint8(2))
	f.Add(stream("x")[:7], uint8(2), uint8(2))
	f.Fuzz(func(t *testing.T, in []byte, cut, write uint8) {
		run := func(step, size int) (out []byte, err string) {
			cfg := config()
			cfg.OutputHigh, cfg.OutputLow = 2000, 500
			s := session.New(cfg)
			for rest := in; s.Wants() != 0 && !s.Lingering(); {
				if s.Wants()&session.Read == 0 || len(s.Output()) > 0 && size < 100 {
					part := s.Output()[:min(size, len(s.Output()))]
					out = append(out, part...)
					s.Sent(len(part))
					continue
				}
				if len(rest) == 0 {
					s.FeedEOF()
					continue
				}
				n := min(step, len(rest))
				s.Feed(rest[:n])
				rest = rest[n:]
				if lent, bound := cfg.Buffers.Lent(), int64(8*len(in)+100<<10); lent > bound {
					t.Fatalf("%d bytes came, %d are lent", len(in), lent)
				}
			}
			s.Release()
			if lent := cfg.Buffers.Lent(); lent != 0 {
				t.Fatalf("%d bytes are not given back", lent)
			}
			if s.Err() != nil {
				err = s.Err().Error()
			}
			return out, err
		}
		out, err := run(1+int(cut), 1+int(write))
		whole, wholeErr := run(max(1, len(in)), 1<<20)
		if strings.Contains(err, "panic") {
			return // replies before the panic depend on earlier writes
		}
		if !bytes.Equal(out, whole) || err != wholeErr {
			t.Fatalf("in parts of %d, out in parts of %d:\n%q, %v\nat once:\n%q, %v", 1+int(cut), 1+int(write), out, err, whole, wholeErr)
		}
	})
}

type echo struct{ shout }

func (echo) AppendReply(dst, request []byte) []byte { return append(dst, request...) }

func (h echo) Open() session.Handler { return h }

func (h echo) Serve(dst, data []byte, maxFrame, limit int) ([]byte, int, int, int, error) {
	return answerEach(h, dst, data, maxFrame, limit)
}
