package load

import (
	"bytes"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/store"
)

func TestDataset(t *testing.T) {
	d := dataOf(sized(1000, 64))
	seen := map[string]bool{}
	for i := range d.keys {
		assert.Len(t, d.key(i), keySize)
		assert.Len(t, d.value(i), 64)
		seen[string(d.key(i))] = true
		seen[string(d.value(i))] = true
	}
	assert.Len(t, seen, 2000)
	assert.Equal(t, d, dataOf(sized(1000, 64)), "the same in every process")
	assert.Equal(t, "key:000000000999", string(d.key(999)))
}

func TestMix(t *testing.T) {
	count := func(puts float64) (n int) {
		m := mixOf(Workload{Puts: puts, Keys: 7}, 1)
		for range 10_000 {
			key, put, ok := m.next()
			require.True(t, ok && key >= 0 && key < 7)
			if put {
				n++
			}
		}
		return n
	}
	assert.Zero(t, count(0))
	assert.InDelta(t, 1000, count(0.1), 150)
	assert.Equal(t, 10_000, count(1))

	a, b := mixOf(DefaultWorkload(), 5), mixOf(DefaultWorkload(), 5)
	for range 100 {
		x, _, _ := a.next()
		y, _, _ := b.next()
		require.Equal(t, x, y, "a seed repeats the sequence")
	}
}

// The frames from templates equal those of the protocol's packages.
func TestTemplates(t *testing.T) {
	framed := func(m kv.Message) []byte {
		f, mark := frame.Begin(nil)
		return frame.End(kv.AppendMessage(f, m), mark)
	}
	for _, size := range []int{0, 1, 64, 127, 128, 70_000} {
		d := dataOf(sized(11, size))
		for i := range d.keys {
			key, value := d.key(i), d.value(i)
			assert.Equal(t, framed(kv.Message{Kind: kv.Get, Key: key}), d.appendRequest(nil, request{key: i}))
			assert.Equal(t, framed(kv.Message{Kind: kv.PutOrUpdate, Key: key, Value: value}), d.appendRequest(nil, request{key: i, put: true}))

			for _, r := range []request{{key: i}, {key: i, put: true}} {
				requireExact(t, d, r, framed(d.right(r)))
			}
		}
	}
}

// requireExact shows that a reply is accepted only as a whole: not cut off, and
// not with any bit of any byte flipped. Of a long reply it shows only that it
// is accepted.
func requireExact(t *testing.T, d *dataset, r request, reply []byte) {
	t.Helper()
	n, wrong, err := d.next(append(bytes.Clone(reply), "more"...), r)
	require.NoError(t, err)
	require.NoError(t, wrong)
	require.Equal(t, len(reply), n)
	if len(reply) > 1000 {
		return
	}
	for cut := range reply {
		n, _, err := d.next(reply[:cut], r)
		require.NoError(t, err)
		require.Zero(t, n)
	}
	for flip := range reply {
		spoiled := bytes.Clone(reply)
		spoiled[flip] ^= 1
		n, wrong, err := d.next(spoiled, r)
		require.True(t, n == 0 || wrong != nil || err != nil, "byte %d of %q", flip, reply)
	}
}

// The server may encode a reply in another valid way.
func TestOtherEncodings(t *testing.T) {
	d := dataOf(sized(2, 3))
	m := d.right(request{key: 1})
	f, mark := frame.Begin(nil)
	f = append(f, 3<<3, kv.GetResponse, 4<<3, 0) // kind first, and a status that is zero
	f = kv.AppendMessage(f, kv.Message{Value: m.Value})
	f = frame.End(kv.AppendMessage(f, kv.Message{Key: m.Key}), mark)
	n, wrong, err := d.next(f, request{key: 1})
	require.NoError(t, err)
	require.NoError(t, wrong)
	assert.Equal(t, len(f), n)
}

// tally is a verdict that counts replies.
type tally struct {
	right, wrong int
	order        []int
	keep         bool
}

func (t *tally) reply(_ *pipeline, r request, wrong error) {
	if wrong != nil {
		t.wrong++
	} else {
		t.right++
	}
	if t.keep {
		t.order = append(t.order, r.key)
	}
}

// answerAll answers the frames in requests.
func answerAll(h *kv.Handler, dst, requests []byte) []byte {
	for len(requests) > 0 {
		out, taken, _, need, err := h.AppendReplies(dst, requests, 1<<20, math.MaxInt)
		if err != nil || taken+need == 0 {
			panic("not a frame")
		}
		requests = requests[taken:]
		dst = slices.Grow(out, need)
	}
	return dst
}

// Replies are matched in order, however the stream is cut.
func TestPipelineEveryCut(t *testing.T) {
	d := dataOf(sized(3, 10))
	h := kv.NewHandler(store.New(0))
	put := fillUp(&pipeline{data: d, flight: make([]request, 3)}, nil, &fill{keys: 3}, 0)
	answerAll(h, nil, put)

	requests := fillUp(&pipeline{data: d, flight: make([]request, 9)}, nil, mixOf(Workload{Puts: 0.3, Keys: 3}, 1), 0)
	replies := answerAll(h, nil, requests)
	for cut := range len(replies) {
		p := newPipeline(d, 9)
		again := fillUp(&p, nil, mixOf(Workload{Puts: 0.3, Keys: 3}, 1), time.Second)
		require.Equal(t, requests, again)
		require.Equal(t, time.Second, p.waitingSince())
		v := &tally{keep: true}
		shared := make([]byte, len(replies))
		for _, piece := range [][]byte{replies[:cut], replies[cut:]} {
			for len(piece) > 0 {
				n := copy(p.space(shared), piece)
				require.NoError(t, p.feed(p.space(shared)[:n], v))
				piece = piece[n:]
			}
		}
		require.Equal(t, 9, v.right, "cut at %d", cut)
		require.Zero(t, v.wrong)
		require.Zero(t, p.count)
		require.Empty(t, p.in)
	}
}

func TestPipelineRefuses(t *testing.T) {
	d := dataOf(sized(1, 10))
	for name, c := range map[string]struct {
		read string
		want error
	}{
		"too long":   {"\xff\xff\xff\x00", frame.ErrTooLong},
		"too short":  {"\x01\x00\x00\x00", frame.ErrTooShort},
		"footer":     {"\x05\x00\x00\x00@EOF!", frame.ErrFooter},
		"no request": {"\x07\x00\x00\x00\x18\x03@EOF@", errUnasked},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPipeline(d, 1)
			if c.want != errUnasked {
				fillUp(&p, nil, &fill{keys: 1}, 0)
			}
			assert.ErrorIs(t, p.feed([]byte(c.read), new(tally)), c.want)
		})
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	d := dataOf(sized(100, 64))
	h := kv.NewHandler(store.New(0))
	full := newPipeline(d, 100)
	puts := fillUp(&full, nil, &fill{keys: 100}, 0)
	answerAll(h, nil, puts)

	from := mixOf(Workload{Puts: 0.1, Keys: 100}, 1)
	p := newPipeline(d, 16)
	g := &generator{window: newWindow(time.Second), clock: time.Now()}
	g.window.open = true
	var requests, replies []byte
	shared := make([]byte, 1<<20)
	turn := func() {
		requests = fillUp(&p, requests[:0], from, 0)
		replies = answerAll(h, replies[:0], requests)
		g.read = time.Millisecond
		for piece := range bytes.Lines(replies) { // any other cut would do as well
			n := copy(p.space(shared), piece)
			if err := p.feed(p.space(shared)[:n], g); err != nil {
				panic(err)
			}
		}
	}
	turn()
	assert.Zero(t, testing.AllocsPerRun(100, turn))
	assert.NoError(t, g.errors.Err())
	assert.EqualValues(t, 102*16, g.window.requests)
}

func TestWindowForgivesThePause(t *testing.T) {
	w := newWindow(time.Second)
	w.begin(10*time.Second, 12*time.Second)
	at := func(t time.Duration) request { return request{due: t, sent: t} }
	w.count(at(9*time.Second), 13*time.Second, false)  // 4 s, of which 2 s are the generator's
	w.count(at(12*time.Second), 14*time.Second, false) // made later
	assert.EqualValues(t, 2, w.requests)
	assert.InEpsilon(t, 2*time.Second, w.response.Max(), 0.001)
	assert.InEpsilon(t, 2*time.Second, w.response.Min(), 0.001)
}

func TestSummarizeLeavesOutChance(t *testing.T) {
	h := newHistogram()
	for i := range 999 {
		record(h, time.Duration(i+1)*time.Microsecond)
	}
	l, err := Summarize(h)
	require.NoError(t, err)
	assert.InEpsilon(t, 500*time.Microsecond, l.P50, 0.01)
	assert.InEpsilon(t, 900*time.Microsecond, l.P90, 0.01)
	assert.Zero(t, l.P99, "9.99 requests lie beyond")
	assert.InEpsilon(t, 999*time.Microsecond, l.Max, 0.01)
	record(h, time.Second)
	l, err = Summarize(h)
	require.NoError(t, err)
	assert.NotZero(t, l.P99)
}

// sized has values of one size.
func sized(keys, value int) Workload {
	return Workload{Protocol: KV, Distribution: Uniform, Keys: keys, MinValue: value, MaxValue: value}
}

// fillUp makes as many requests as there is room for.
func fillUp(p *pipeline, dst []byte, from source, now time.Duration) []byte {
	for p.room() > 0 {
		key, put, ok := from.next()
		if !ok {
			break
		}
		dst = p.appendRequest(dst, request{due: now, sent: now, key: key, put: put})
	}
	return dst
}
