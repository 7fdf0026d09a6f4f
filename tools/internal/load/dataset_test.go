package load

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each key's value has a size of its own, anywhere in the range, and always
// the same.
func TestRangeOfSizes(t *testing.T) {
	for _, protocol := range Protocols {
		w := sized(5000, 0)
		w.Protocol, w.MaxValue = protocol, 99
		d := dataOf(w)
		seen := map[int]int{}
		for i := range d.keys {
			seen[len(d.value(i))]++
			put := d.appendRequest(nil, request{key: i, put: true})
			require.Contains(t, string(put), string(d.key(i)))
			require.Contains(t, string(put), string(d.value(i)))
		}
		assert.Len(t, seen, 100, "from 0 to 99")
		for size, n := range seen {
			assert.InDelta(t, 50, n, 25, "values of %d bytes", size)
		}
		assert.Equal(t, d, dataOf(w))
	}
}

// respReply returns the reply of Redis.
func respReply(d *dataset, r request) []byte {
	if r.put {
		return []byte("+OK\r\n")
	}
	return fmt.Appendf(nil, "$%d\r\n%s\r\n", len(d.value(r.key)), d.value(r.key))
}

func respData(size int) *dataset {
	w := sized(3, size)
	w.Protocol = RESP
	return dataOf(w)
}

func TestRESPRequests(t *testing.T) {
	d := respData(4)
	assert.Equal(t, "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000002\r\n", string(d.appendRequest(nil, request{key: 2})))
	assert.Equal(t, fmt.Sprintf("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000002\r\n$4\r\n%s\r\n", d.value(2)),
		string(d.appendRequest(nil, request{key: 2, put: true})))
}

func TestRESPReplies(t *testing.T) {
	for _, size := range []int{0, 1, 64, 70_000} {
		d := respData(size)
		for _, r := range []request{{key: 1}, {key: 1, put: true}} {
			requireExact(t, d, r, respReply(d, r))
		}
	}
}

// A well-formed reply that is not the right one is wrong; anything else ends
// the stream.
func TestRESPRefuses(t *testing.T) {
	d := respData(4)
	for reply, reason := range map[string]string{
		"-ERR unknown command\r\n": "-ERR unknown command",
		"$-1\r\n":                  "$-1",
		":1\r\n":                   ":1",
		"+QUEUED\r\n":              "+QUEUED",
		"$3\r\nabc\r\n":            "abc",
	} {
		n, wrong, err := d.next([]byte(reply), request{key: 1})
		require.NoError(t, err)
		assert.Equal(t, len(reply), n)
		assert.ErrorContains(t, wrong, reason)
		assert.ErrorContains(t, wrong, "get key:000000000001")
	}
	longest := d.maxReply() - len("$1234\r\n\r\n")
	n, wrong, err := d.next(fmt.Appendf(nil, "$%d\r\n", longest), request{key: 1})
	assert.Zero(t, n, "the rest may come")
	require.NoError(t, err)
	require.NoError(t, wrong)
	tooLong := fmt.Sprintf("$%d\r\n", longest+1)
	for _, stream := range []string{tooLong, "HTTP/1.1 400\r\n", "\r\n", "$x\r\n", "$-2\r\n", "$999999999999\r\n", "$3\r\nabcde", "+" + strings.Repeat("x", maxLine)} {
		_, _, err := d.next([]byte(stream), request{key: 1})
		assert.ErrorIs(t, err, errNoRESP, "%.40q", stream)
	}
}

func TestSizesAndProtocolsAllocateNothing(t *testing.T) {
	for _, protocol := range Protocols {
		w := sized(100, 16)
		w.Protocol, w.MaxValue, w.Distribution, w.Puts = protocol, 400, Zipfian, 0.5
		d := dataOf(w)
		from := mixOf(w, 1)
		replies := map[request][]byte{}
		for i := range d.keys {
			get, put := request{key: i}, request{key: i, put: true}
			switch protocol {
			case RESP:
				replies[get], replies[put] = respReply(d, get), respReply(d, put)
			case Memcached:
				replies[get], replies[put] = memcachedReply(d, get), memcachedReply(d, put)
			default:
				found := d.templates(i).found
				replies[get] = found.append(nil, d.key(i), d.value(i))
				replies[put] = d.stored.append(nil, nil, nil)
			}
		}
		var buf []byte
		assert.Zero(t, testing.AllocsPerRun(1000, func() {
			key, put, _ := from.next()
			r := request{key: key, put: put}
			buf = d.appendRequest(buf[:0], r)
			if n, wrong, err := d.next(replies[r], r); n == 0 || wrong != nil || err != nil {
				panic(fmt.Sprint(n, wrong, err))
			}
		}), protocol)
	}
}

func TestZipf(t *testing.T) {
	const keys, n = 100, 200_000
	z := zipfOf(keys)
	random := rand.New(rand.NewPCG(1, 1))
	var seen [keys]int
	for range n {
		seen[z.pick(random)]++
	}
	sum := 0.0
	for k := range keys {
		sum += 1 / math.Pow(float64(k+1), 0.99)
	}
	for k, got := range seen {
		want := n / math.Pow(float64(k+1), 0.99) / sum
		assert.InDelta(t, want, got, 5*math.Sqrt(want), "key %d: within five standard deviations", k)
	}
	assert.Equal(t, 0, zipfOf(1).pick(random))

	w := DefaultWorkload()
	w.Distribution = Zipfian
	m, first := mixOf(w, 1), 0
	for range 1000 {
		if key, _, _ := m.next(); key == 0 {
			first++
		}
	}
	assert.Greater(t, first, 50, "of 10,000 keys, the first is asked for by a tenth")
}
