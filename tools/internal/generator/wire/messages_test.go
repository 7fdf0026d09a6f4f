package wire

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Each key's value has a size of its own, anywhere in the range, and always
// the same.
func TestRangeOfSizes(t *testing.T) {
	for _, protocol := range load.Protocols {
		w := sized(5000, 0)
		w.Protocol, w.MaxValue = protocol, 99
		m := messagesOf(w)
		seen := map[int]int{}
		for i := range m.data.Keys {
			seen[len(m.data.Value(i))]++
			put := m.AppendRequest(nil, dataset.Request{Key: i, Put: true})
			require.Contains(t, string(put), string(m.data.Key(i)))
			require.Contains(t, string(put), string(m.data.Value(i)))
		}
		assert.Len(t, seen, 100, "from 0 to 99")
		for size, n := range seen {
			assert.InDelta(t, 50, n, 25, "values of %d bytes", size)
		}
		assert.Equal(t, m, messagesOf(w))
	}
}

func TestSizesAndProtocolsAllocateNothing(t *testing.T) {
	for _, protocol := range load.Protocols {
		w := sized(100, 16)
		w.Protocol, w.MaxValue, w.Distribution, w.Puts = protocol, 400, load.Zipfian, 0.5
		m := messagesOf(w)
		from, err := dataset.Mix(t.Context(), w, 1)
		require.NoError(t, err)
		replies := map[dataset.Request][]byte{}
		for i := range m.data.Keys {
			get, put := dataset.Request{Key: i}, dataset.Request{Key: i, Put: true}
			switch protocol {
			case load.RESP:
				replies[get], replies[put] = respReply(m, get), respReply(m, put)
			case load.Memcached:
				replies[get], replies[put] = memcachedReply(m, get), memcachedReply(m, put)
			default:
				found := m.templates(i).found
				replies[get] = found.append(nil, m.data.Key(i), m.data.Value(i))
				replies[put] = m.stored.append(nil, nil, nil)
			}
		}
		var buf []byte
		assert.Zero(t, testing.AllocsPerRun(1000, func() {
			r, _ := from.Next(nil)
			buf = m.AppendRequest(buf[:0], r)
			if n, wrong, err := m.MatchReply(replies[r], r); n == 0 || wrong != nil || err != nil {
				panic(fmt.Sprint(n, wrong, err))
			}
		}), protocol)
	}
}

// Templates do not hold the values of the messages from which they are made.
func TestTemplatesHoldNoValue(t *testing.T) {
	for _, protocol := range load.Protocols {
		w := sized(20, 0)
		w.Protocol, w.MaxValue = protocol, 1<<16
		for size, v := range messagesOf(w).bySize {
			for _, m := range []template{v.put, v.found} {
				assert.Less(t, cap(m.before)+cap(m.between)+cap(m.behind), 1000, "%s of %d bytes", protocol, size)
			}
		}
	}
}

// sized has values of one size.
func sized(keys, value int) load.Workload {
	return load.Workload{Protocol: load.KV, Distribution: load.Uniform, Keys: keys, MinValue: value, MaxValue: value}
}

func messagesOf(w load.Workload) *Messages {
	m, err := newMessages(context.Background(), w)
	if err != nil {
		panic(err)
	}
	return m
}
