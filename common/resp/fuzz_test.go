package resp_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/resp"
	"github.com/ioflavors/ioflavors/common/session"
)

// FuzzCuts sends any bytes at once, and cut at two places. The handler must not panic, and
// the replies must be the same.
func FuzzCuts(f *testing.F) {
	for _, seed := range []string{
		fields("SET k v") + fields("GET k"), "PING 'a b'\r\n", "*1\r\n$4\r\nPINGxx", "*-1\r\n*0\r\n", "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$-1\r\n",
		fields("HELLO 3") + fields("MGET a b"), fields("SCAN 0 MATCH [a-") + fields("INCRBY n 9223372036854775807"), "*99999\r\n$4\r\nMGET\r\n", "\"\\x4", fields("SET a b NX GET XX"),
		fields("CLIENT SETNAME x") + fields("COMMAND INFO get") + fields("QUIT") + "x", "*1\r\n\r\n", "*18\r\n" + strings.Repeat("$0\r\n\r\n", 18),
	} {
		f.Add([]byte(seed), uint16(len(seed)/3), uint16(len(seed)/2))
	}
	f.Fuzz(func(t *testing.T, in []byte, first, second uint16) {
		a := min(int(first), len(in))
		b := min(max(a, int(second)), len(in))
		run := func(pieces ...[]byte) (string, session.Session) {
			c := connect(start(t, resp.Config{}))
			var got strings.Builder
			for _, piece := range pieces {
				got.WriteString(c.send(string(piece)))
			}
			return got.String(), c.s
		}
		want, whole := run(in)
		got, cut := run(in[:a], in[a:b], in[b:])
		var panicked *session.PanicError
		require.NotErrorAs(t, whole.Err(), &panicked)
		switch {
		case strings.Contains(strings.ToLower(string(in)), "scan"), len(in) > 60_000:
			// SCAN has no order. Beyond 64 KiB the limit of a line depends on the cuts.
		case whole.Err() == nil:
			require.Equal(t, want, got)
			require.NoError(t, cut.Err())
		default: // an error within a long array may show only when more bytes have come
			require.True(t, strings.HasPrefix(want, got), "%q, cut: %q", want, got)
		}
	})
}

// FuzzMatch compares match with a slow way that tries everything.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{{"*", "x"}, {"a*b", "acb"}, {"[^a-c]?\\*", "dx*"}, {"[a-", "a"}, {"", ""}, {"[", "x"}, {"**a**", "bab"}, {"\\", "\\"}} {
		f.Add([]byte(seed[0]), []byte(seed[1]))
	}
	f.Fuzz(func(t *testing.T, pattern, text []byte) {
		got := resp.Match(pattern, text)
		if len(pattern) > 12 || len(text) > 12 {
			return
		}
		require.Equal(t, slowMatch(pattern, text), got, "%q %q", pattern, text)
	})
}

// slowMatch tries everything that each * may stand for.
func slowMatch(pattern, text []byte) bool {
	switch {
	case len(pattern) == 0:
		return len(text) == 0
	case pattern[0] == '*':
		return slowMatch(pattern[1:], text) || len(text) > 0 && slowMatch(pattern, text[1:])
	case len(text) == 0:
		return false
	}
	rest, ok := resp.MatchByte(pattern, text[0])
	return ok && slowMatch(rest, text[1:])
}
