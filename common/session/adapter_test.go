package session_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ioflavors/ioflavors/common/session"
)

// upper answers in capitals. Some requests are special.
func upper(buf, request []byte) ([]byte, error) {
	switch string(request) {
	case "silence":
		return nil, session.NoReply
	case "quit":
		return nil, session.Done
	case "bye":
		return append(buf, "see you"...), fmt.Errorf("it leaves: %w", session.Done)
	case "wrong":
		return append(buf, "half a rep"...), errors.New("that is\nwrong")
	case "panic":
		panic("at the disco")
	case "own":
		return []byte("own memory"), nil
	case "same":
		return request, nil
	case "inside":
		return append(buf, "..inside"...)[2:], nil
	case "long":
		return append(buf, strings.Repeat("long ", 1000)...), nil
	}
	return append(buf, bytes.ToUpper(request)...), nil
}

// adapt returns the configuration of sessions that an adapter serves.
func adapt(t testing.TB, a *session.Adapter) *session.Config {
	t.Helper()
	require.NoError(t, a.Start(session.Env{}))
	cfg := config()
	cfg.Protocol = a
	return cfg
}

// talk feeds in, cut at the given places, and returns the output and the session's error.
func talk(t testing.TB, cfg *session.Config, in []byte, cuts ...int) (string, error) {
	t.Helper()
	s := session.New(cfg)
	from := 0
	var out []byte
	for _, to := range append(cuts, len(in)) {
		p := bytes.Clone(in[from:to])
		s.Feed(p)
		clear(p)
		out = append(out, drain(&s, 7)...)
		from = to
	}
	s.FeedEOF()
	err := s.Err()
	s.Release()
	assert.Zero(t, cfg.Buffers.Lent(), "bytes of buffers are still lent")
	return string(out), err
}

// everyCut checks a conversation with its input cut at every two places.
func everyCut(t *testing.T, cfg *session.Config, in, out string, ends error) {
	t.Helper()
	for a := 0; a <= len(in); a++ {
		for b := a; b <= len(in); b++ {
			got, err := talk(t, cfg, []byte(in), a, b)
			if _, panicked := errors.AsType[*session.PanicError](ends); panicked {
				_, panicked = errors.AsType[*session.PanicError](err)
				require.True(t, panicked, "%v", err)
				continue // it drops replies that are not sent yet
			}
			require.Equal(t, out, got, "cut at %d and %d", a, b)
			if ends == nil {
				require.NoError(t, err, "cut at %d and %d", a, b)
			} else {
				require.ErrorContains(t, err, ends.Error(), "cut at %d and %d", a, b)
			}
		}
	}
}

var (
	panics  error = &session.PanicError{}
	errText       = errors.New("that is\nwrong")
)

func TestSplit(t *testing.T) {
	long := strings.Repeat("long ", 1000) + "\n"
	for name, c := range map[string]struct {
		split   bufio.SplitFunc
		in, out string
		ends    error
	}{
		"a line":              {bufio.ScanLines, "one\n", "ONE\n", nil},
		"lines":               {bufio.ScanLines, "one\r\ntwo\n", "ONE\nTWO\n", nil},
		"empty lines":         {bufio.ScanLines, "\n\r\nx\n", "\n\nX\n", nil},
		"the last is cut":     {bufio.ScanLines, "one\ntw", "ONE\n", session.ErrTruncated},
		"no reply":            {bufio.ScanLines, "silence\na\nsilence\n", "A\n", nil},
		"quit":                {bufio.ScanLines, "a\nquit\nb\n", "A\n", session.Done},
		"quit with a reply":   {bufio.ScanLines, "bye\nb\n", "see you\n", session.Done},
		"an error":            {bufio.ScanLines, "a\nwrong\nb\n", "A\nthat is wrong\n", errText},
		"own memory":          {bufio.ScanLines, "own\nown\na\n", "own memory\nown memory\nA\n", nil},
		"the request":         {bufio.ScanLines, "same\nsame\na\n", "same\nsame\nA\n", nil},
		"a part of buf":       {bufio.ScanLines, "inside\na\n", "inside\nA\n", nil},
		"a panic":             {bufio.ScanLines, "a\npanic\n", "", panics},
		"long replies":        {bufio.ScanLines, "long\nlong\na\n", long + long + "A\n", nil},
		"words":               {bufio.ScanWords, "  one two\nsix\t ", "ONE\nTWO\nSIX\n", nil},
		"bytes":               {bufio.ScanBytes, "abc", "A\nB\nC\n", nil},
		"skipped bytes":       {skipping, "#a#b", "A\nB\n", nil},
		"the final token":     {final(false), "a.b", "A\n", session.Done},
		"an end without one":  {final(true), "a.b", "", session.Done},
		"a split that fails":  {failing, "a!b", "A\nno !\n", errors.New("no !")},
		"beyond the data":     {returns(9, []byte("x"), nil), "a", "", panics},
		"below 0":             {returns(-1, nil, nil), "a", "", panics},
		"a token of no bytes": {returns(0, []byte{}, nil), "a", "", panics},
		"never a token":       {returns(0, nil, nil), "abc", "", session.ErrTruncated},
	} {
		t.Run(name, func(t *testing.T) {
			everyCut(t, adapt(t, session.Split(c.split, "\n", upper)), c.in, c.out, c.ends)
		})
	}
}

func returns(advance int, token []byte, err error) bufio.SplitFunc {
	return func([]byte, bool) (int, []byte, error) { return advance, token, err }
}

// skipping makes a token of each byte but #.
func skipping(data []byte, _ bool) (int, []byte, error) {
	if data[0] == '#' {
		return 1, nil, nil
	}
	return 1, data[:1], nil
}

// failing makes a token of each byte, but has no use for an exclamation mark.
func failing(data []byte, _ bool) (int, []byte, error) {
	if data[0] == '!' {
		return 0, nil, errors.New("no !")
	}
	return 1, data[:1], nil
}

// final makes the last token of the bytes before a full stop; none of none.
func final(none bool) bufio.SplitFunc {
	return func(data []byte, _ bool) (int, []byte, error) {
		switch i := bytes.IndexByte(data, '.'); {
		case i < 0:
			return 0, nil, nil
		case none:
			return i + 1, nil, bufio.ErrFinalToken
		default:
			return i + 1, data[:i], bufio.ErrFinalToken
		}
	}
}

func TestSplitRefusesALineThatIsTooLong(t *testing.T) {
	cfg := adapt(t, session.Split(bufio.ScanLines, "\n", upper))
	refusal := fmt.Sprintf("request too long: the limit is %d bytes\n", maxFrame)
	for length, refused := range map[int]bool{maxFrame: false, maxFrame + 1: true, maxFrame + session.Allowance: true, 5 * maxFrame: true} {
		line := strings.Repeat("x", length)
		for _, cut := range []int{0, 1, length - 1, length} {
			out, err := talk(t, cfg, []byte("a\n"+line+"\nb\n"), 2+cut)
			if !refused {
				assert.Equal(t, "A\n"+strings.ToUpper(line)+"\nB\n", out)
				continue
			}
			assert.Equal(t, "A\n"+refusal, out, "%d bytes, cut at %d", length, cut)
			assert.ErrorIs(t, err, session.ErrTooLong)
		}
	}
	endless, err := talk(t, cfg, bytes.Repeat([]byte("x"), 2*maxFrame))
	assert.Equal(t, refusal, endless)
	assert.ErrorIs(t, err, session.ErrTooLong)
}

// What bufio.Scanner makes of a stream, a session answers, however the stream arrives.
func TestSplitAgainstBufioScanner(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		split := rapid.SampledFrom([]bufio.SplitFunc{bufio.ScanLines, bufio.ScanWords, bufio.ScanBytes, bufio.ScanRunes}).Draw(t, "split")
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab \r\n\tü")), 0, 200, -1).Draw(t, "text") + "\n"
		scanner := bufio.NewScanner(strings.NewReader(text))
		scanner.Split(split)
		var want []byte
		for scanner.Scan() {
			want = append(append(want, scanner.Bytes()...), '|')
		}
		cfg := config()
		cfg.Protocol = session.Split(split, "|", func(buf, request []byte) ([]byte, error) { return append(buf, request...), nil })
		cfg.OutputHigh = rapid.IntRange(0, 100).Draw(t, "OutputHigh")
		cfg.OutputLow = cfg.OutputHigh / 4
		s := session.New(cfg)
		var got []byte
		for rest := []byte(text); len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "bytes")
			s.Feed(rest[:n])
			rest = rest[n:]
			size := rapid.IntRange(0, len(s.Output())).Draw(t, "sent")
			got = append(got, s.Output()[:size]...)
			s.Sent(size)
		}
		got = append(got, drain(&s, 10)...)
		require.Equal(t, string(want), string(got))
		s.Release()
		require.Zero(t, cfg.Buffers.Lent())
	})
}

// prefixes are the forms of a length, and how a frame of each is written.
var prefixes = map[string]struct {
	session.Prefix
	frame func(body string) string
}{
	"1 byte": {session.Prefix{Bytes: 1}, func(body string) string { return string([]byte{byte(len(body))}) + body }},
	"2 bytes": {session.Prefix{Bytes: 2}, func(body string) string {
		return string(binary.BigEndian.AppendUint16(nil, uint16(len(body)))) + body
	}},
	"3 bytes, little-endian": {session.Prefix{Bytes: 3, LittleEndian: true}, func(body string) string {
		return string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))[:3]) + body
	}},
	"4 bytes": {session.Prefix{Bytes: 4}, func(body string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(len(body)))) + body
	}},
	"4 bytes, whole": {session.Prefix{Bytes: 4, Whole: true}, func(body string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(4+len(body)))) + body
	}},
	"8 bytes, little-endian": {session.Prefix{Bytes: 8, LittleEndian: true}, func(body string) string {
		return string(binary.LittleEndian.AppendUint64(nil, uint64(len(body)))) + body
	}},
	"varint": {session.Prefix{}, func(body string) string { return string(binary.AppendUvarint(nil, uint64(len(body)))) + body }},
}

func TestPrefixed(t *testing.T) {
	for name, p := range prefixes {
		t.Run(name, func(t *testing.T) {
			cfg := adapt(t, session.Prefixed(p.Prefix, upper))
			in := func(bodies ...string) (in string) {
				for _, body := range bodies {
					in += p.frame(body)
				}
				return in
			}
			everyCut(t, cfg, in("one", "", "two"), in("ONE", "", "TWO"), nil)
			everyCut(t, cfg, in("silence", "own", "same"), in("own memory", "same"), nil)
			everyCut(t, cfg, in("a", "bye", "b"), in("A", "see you"), session.Done)
			everyCut(t, cfg, in("a", "wrong", "b"), in("A", "that is wrong"), errText)
			everyCut(t, cfg, in("a")+in("cut")[:1], in("A"), session.ErrTruncated)
			everyCut(t, cfg, in("inside", "panic"), "", panics)
			for _, length := range []int{127, 128, 255, 256, 300, maxFrame} { // of varints, and of one byte
				if p.Bytes == 1 && length > 255 {
					break
				}
				body := strings.Repeat("x", length)
				out, err := talk(t, cfg, []byte(in(body, "next")), length)
				assert.NoError(t, err)
				assert.Equal(t, in(strings.ToUpper(body), "NEXT"), out)
			}
			if p.Bytes == 1 {
				out, err := talk(t, cfg, []byte(in("a", "long", "b")))
				assert.Equal(t, in("A", "a reply of 5000 bytes is too long for a length prefix of 1"), out)
				assert.ErrorContains(t, err, "a reply of 5000 bytes")
			}
		})
	}
}

// A request that is too long is refused when its prefix has come, and no sooner.
func TestPrefixedRefusesALongRequestByItsPrefix(t *testing.T) {
	for name, c := range map[string]struct {
		prefix session.Prefix
		header []byte
		says   string
	}{
		"one too long":     {session.Prefix{Bytes: 4}, binary.BigEndian.AppendUint32(nil, maxFrame+1), "request too long"},
		"the longest":      {session.Prefix{Bytes: 8}, binary.BigEndian.AppendUint64(nil, math.MaxUint64), "request too long"},
		"the longest, too": {session.Prefix{Bytes: 8, Whole: true}, binary.BigEndian.AppendUint64(nil, math.MaxUint64), "request too long"},
		"whole":            {session.Prefix{Bytes: 2, Whole: true}, binary.BigEndian.AppendUint16(nil, maxFrame+3), "request too long"},
		"below the prefix": {session.Prefix{Bytes: 2, Whole: true}, []byte{0, 1}, "the length prefix says 1, and is itself 2 bytes long"},
		"varint":           {session.Prefix{}, binary.AppendUvarint(nil, maxFrame+1), "request too long"},
		"no varint":        {session.Prefix{}, bytes.Repeat([]byte{0xff}, 11), "no varint"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := adapt(t, session.Prefixed(c.prefix, upper))
			for step := 1; step <= len(c.header); step++ {
				s := session.New(cfg)
				for rest := c.header; len(rest) > 0; {
					require.NoError(t, s.Err())
					require.Empty(t, s.Output())
					n := min(step, len(rest))
					s.Feed(rest[:n])
					rest = rest[n:]
				}
				require.ErrorContains(t, s.Err(), c.says)
				assert.Contains(t, string(s.Output()), c.says)
				s.Release()
				checkReturned(t, cfg)
			}
		})
	}
}

// Most of a long request is read to where it stays.
func TestALongPrefixedRequestIsReadInPlace(t *testing.T) {
	cfg := adapt(t, session.Prefixed(session.Prefix{Bytes: 4}, upper))
	cfg.MaxRequest = 1 << 20
	s := session.New(cfg)
	s.Feed(binary.BigEndian.AppendUint32(nil, 1<<20))
	s.Feed(make([]byte, 64<<10))
	assert.NotEmpty(t, s.ReadBuffer())
	s.Release()
}

func TestStateOfAConnection(t *testing.T) {
	count := func() session.Answer {
		n := 0
		return func(buf, request []byte) ([]byte, error) {
			n++
			return fmt.Appendf(buf, "%s %d", request, n), nil
		}
	}
	for name, c := range map[string]struct {
		adapter *session.Adapter
		in, out func(s string) string
	}{
		"SplitConn":    {session.SplitConn(bufio.ScanLines, "\n", count), func(s string) string { return s + "\n" }, func(s string) string { return s + "\n" }},
		"PrefixedConn": {session.PrefixedConn(session.Prefix{Bytes: 2}, count), prefixes["2 bytes"].frame, prefixes["2 bytes"].frame},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := adapt(t, c.adapter)
			one, two := session.New(cfg), session.New(cfg)
			one.Feed([]byte(c.in("a") + c.in("a")))
			two.Feed([]byte(c.in("b")))
			one.Feed([]byte(c.in("a")))
			assert.Equal(t, c.out("a 1")+c.out("a 2")+c.out("a 3"), string(drain(&one, 100)))
			assert.Equal(t, c.out("b 1"), string(drain(&two, 100)))
		})
	}
}

func TestRefusals(t *testing.T) {
	full := func(a *session.Adapter) string {
		cfg := adapt(t, a)
		s := session.New(cfg)
		s.Refuse("full")
		defer s.Release()
		return string(drain(&s, 100))
	}
	lines := session.Split(bufio.ScanLines, "\r\n", upper)
	assert.Equal(t, "refused: full\r\n", full(lines))
	lines.Refusal = func(buf []byte, why error) []byte {
		if errors.Is(why, session.ErrRefused) {
			return fmt.Appendf(buf, "-ERR %v", why)
		}
		return nil
	}
	assert.Equal(t, "-ERR refused: full\r\n", full(lines))
	out, err := talk(t, adapt(t, lines), []byte("a\nwrong\n"))
	assert.Equal(t, "A\r\n", out, "without a last reply")
	assert.ErrorContains(t, err, "wrong")

	binary := session.Prefixed(session.Prefix{Bytes: 1}, upper)
	assert.Equal(t, "\x0drefused: full", full(binary))
	binary.Refusal = func([]byte, error) []byte { return bytes.Repeat([]byte("x"), 300) }
	assert.Equal(t, "\xff"+strings.Repeat("x", 255), full(binary), "what the prefix can say")
}

func TestAdaptersThatAreNotComplete(t *testing.T) {
	for says, a := range map[string]*session.Adapter{
		"needs a bufio.SplitFunc":   session.Split(nil, "", upper),
		"no function that answers":  session.Split(bufio.ScanLines, "", nil),
		"has no function":           session.PrefixedConn(session.Prefix{Bytes: 1}, nil),
		"prefix of 9 bytes":         session.Prefixed(session.Prefix{Bytes: 9}, upper),
		"prefix of -1 bytes":        session.Prefixed(session.Prefix{Bytes: -1}, upper),
		"a varint is":               session.Prefixed(session.Prefix{Whole: true}, upper),
		"a varint is a length pref": session.Prefixed(session.Prefix{LittleEndian: true}, upper),
	} {
		assert.ErrorContains(t, a.Start(session.Env{}), says)
	}
}

// An Adapter answers all whole requests in one call, as far as the limit and the output's
// capacity permit, and one request if there is no limit left.
func TestAnAdapterAnswersBatches(t *testing.T) {
	a := session.Split(bufio.ScanLines, "\n", upper)
	in := []byte(strings.Repeat("request\n", 100) + "part")
	for name, c := range map[string]struct {
		room, limit, answered int
	}{
		"all":                  {10_000, 10_000, 100},
		"what has room":        {60, 10_000, 7},
		"what the limit lets":  {10_000, 80, 10},
		"a byte less":          {10_000, 79, 9},
		"one without a limit":  {10_000, 0, 1},
		"one that has no room": {3, 10_000, 1},
	} {
		out, taken, answered, room, err := a.Open().Serve(make([]byte, 0, c.room), in, maxFrame, c.limit)
		require.NoError(t, err)
		assert.Zero(t, room, name)
		assert.Equal(t, c.answered, answered, name)
		assert.Equal(t, 8*answered, taken, name)
		assert.Equal(t, strings.Repeat("REQUEST\n", answered), string(out), name)
	}
}

func TestAdaptersAllocateNothing(t *testing.T) {
	for name, s := range adapterBenchmarks(t) {
		s.round()
		if allocs := testing.AllocsPerRun(100, s.round); !raceDetector {
			assert.Zero(t, allocs, name)
		}
	}
}

type adapterRound struct{ round func() }

// adapterBenchmarks are 16 requests of 64 bytes at a time, answered by their bytes.
func adapterBenchmarks(t testing.TB) map[string]adapterRound {
	echo := func(buf, request []byte) ([]byte, error) { return append(buf, request...), nil }
	body := strings.Repeat("x", 64)
	rounds := make(map[string]adapterRound)
	add := func(name string, a *session.Adapter, request string) {
		s := session.New(adapt(t, a))
		in := []byte(strings.Repeat(request, 16))
		rounds[name] = adapterRound{func() {
			s.Feed(in)
			s.Sent(len(s.Output()))
		}}
	}
	add("lines", session.Split(bufio.ScanLines, "\n", echo), body+"\n")
	add("prefix=4", session.Prefixed(session.Prefix{Bytes: 4}, echo), prefixes["4 bytes"].frame(body))
	add("prefix=varint", session.Prefixed(session.Prefix{}, echo), prefixes["varint"].frame(body))
	return rounds
}

func BenchmarkAdapter(b *testing.B) {
	for name, s := range adapterBenchmarks(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.round()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*16), "ns/request")
		})
	}
}

// A line that comes in small pieces is looked at again for each of them. The benchmark
// shows what the longest one that a server permits by default costs.
func BenchmarkALongLineInPackets(b *testing.B) {
	cfg := adapt(b, session.Split(bufio.ScanLines, "\n", upper))
	cfg.MaxRequest = 1 << 20
	packet := bytes.Repeat([]byte("x"), 1460)
	for _, length := range []int{64 << 10, 1 << 20} {
		b.Run(fmt.Sprint(length>>10, "KiB"), func(b *testing.B) {
			for b.Loop() {
				s := session.New(cfg)
				for fed := 0; fed < length-len(packet); fed += len(packet) {
					s.Feed(packet)
				}
				s.Release()
			}
		})
	}
}
