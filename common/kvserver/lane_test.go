package kvserver

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kv"
)

// noting notes the lengths of the requests that it gets.
type noting struct{ fetched [][]uint64 }

func (f *noting) Expect(request []byte) (uint64, bool) {
	return uint64(len(request)), request[0] != '!'
}
func (f *noting) Fetch(tokens [Foresight]uint64, n int) {
	f.fetched = append(f.fetched, append([]uint64(nil), tokens[:n]...))
}

func TestALaneLooksAheadInSingleRequests(t *testing.T) {
	var f noting
	h := NewHost(Config{}, Traits{}, 1)
	h.foreseer = &f
	l := h.Lane(0)
	get := func(key string) []byte { return encode(nil, kv.Message{Kind: kv.Get, Key: []byte(key)}) }
	length := func(key string) uint64 { return uint64(len(get(key)) - 9) }

	l.Fetch()
	l.Expect(get("alone"))
	l.Fetch()
	assert.Empty(t, f.fetched, "one is not looked for before it is asked for")

	l.Expect(get("a"))
	l.Expect(append(get("two"), get("at once")...))
	l.Expect(get("cut off")[:10])
	l.Expect([]byte("GET"))
	l.Expect([]byte("\x06\x00\x00\x00!@EOF@"))
	l.Expect(nil)
	l.Expect(get("bcd"))
	l.Fetch()
	assert.Equal(t, [][]uint64{{length("a"), length("bcd")}}, f.fetched)

	for range Foresight + 3 {
		l.Expect(get("many"))
	}
	l.Fetch()
	assert.Len(t, f.fetched[1], Foresight)
}

func TestALaneWhoseStoreDoesNotLookAhead(t *testing.T) {
	h := NewHost(Config{}, Traits{}, 1)
	h.foreseer = nil
	l := h.Lane(0)
	for range 2 {
		l.Expect(encode(nil, kv.Message{Kind: kv.Get, Key: []byte("k")}))
	}
	assert.NotPanics(t, l.Fetch)
}

// Only an iteration longer than ten milliseconds changes the time of its events,
// because all clocks run longer than that.
func TestOnlyALongTurnMovesItsEvents(t *testing.T) {
	for turn, allowance := range map[time.Duration]time.Duration{longTurn: 0, longTurn + 1: longTurn + 1} {
		bubble(t, Limits{}, func(t *testing.T, h *Host) {
			l := h.Lane(0)
			time.Sleep(time.Second)
			at := l.Tick()
			time.Sleep(turn)
			assert.Equal(t, at+turn, l.EndTurn())
			assert.Equal(t, at+allowance, l.latest(at))
			assert.Equal(t, at-1, l.latest(at-1), "of another turn")
		})
	}
}
