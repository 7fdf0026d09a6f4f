package generator

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
	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// counting returns a generator that only counts replies.
func counting() *generator {
	return &generator{window: newWindow(time.Second), clock: time.Now()}
}

// answerAll answers the frames in requests.
func answerAll(h *kv.Handler, dst, requests []byte) []byte {
	for len(requests) > 0 {
		out, taken, _, need, err := h.Serve(dst, requests, 1<<20, math.MaxInt)
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
	codec := codecOf(sized(3, 10))
	h := kv.NewHandler(store.New(0))
	full := newPipeline(codec, 3)
	put := fillUp(&full, nil, dataset.Fill(3), 0)
	answerAll(h, nil, put)

	all := newPipeline(codec, 9)
	requests := fillUp(&all, nil, mixOf(load.Workload{Puts: 0.3, Keys: 3}, 1), 0)
	replies := answerAll(h, nil, requests)
	for cut := range len(replies) {
		p := newPipeline(codec, 9)
		again := fillUp(&p, nil, mixOf(load.Workload{Puts: 0.3, Keys: 3}, 1), time.Second)
		require.Equal(t, requests, again)
		require.Equal(t, time.Second, p.oldestSent())
		g := counting()
		shared := make([]byte, len(replies))
		for _, piece := range [][]byte{replies[:cut], replies[cut:]} {
			for len(piece) > 0 {
				n := copy(p.readBuffer(shared), piece)
				require.NoError(t, g.feed(&p, p.readBuffer(shared)[:n]))
				piece = piece[n:]
			}
		}
		require.EqualValues(t, 9, g.requests, "cut at %d", cut)
		require.NoError(t, g.errors.Err())
		require.Zero(t, p.count)
		require.Empty(t, p.in)
	}
}

func TestPipelineRefuses(t *testing.T) {
	codec := codecOf(sized(1, 10))
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
			p := newPipeline(codec, 1)
			if c.want != errUnasked {
				fillUp(&p, nil, dataset.Fill(1), 0)
			}
			assert.ErrorIs(t, counting().feed(&p, []byte(c.read)), c.want)
		})
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	codec := codecOf(sized(100, 64))
	h := kv.NewHandler(store.New(0))
	full := newPipeline(codec, 100)
	puts := fillUp(&full, nil, dataset.Fill(100), 0)
	answerAll(h, nil, puts)

	from := mixOf(load.Workload{Puts: 0.1, Keys: 100}, 1)
	p := newPipeline(codec, 16)
	g := counting()
	g.window.open = true
	var requests, replies []byte
	shared := make([]byte, 1<<20)
	exchange := func() {
		requests = fillUp(&p, requests[:0], from, 0)
		replies = answerAll(h, replies[:0], requests)
		g.read = time.Millisecond
		for piece := range bytes.Lines(replies) { // any other cut would do as well
			n := copy(p.readBuffer(shared), piece)
			if err := g.feed(&p, p.readBuffer(shared)[:n]); err != nil {
				panic(err)
			}
		}
	}
	exchange()
	assert.Zero(t, testing.AllocsPerRun(100, exchange))
	assert.NoError(t, g.errors.Err())
	assert.EqualValues(t, 102*16, g.window.requests)
}

// sized has values of one size.
func sized(keys, value int) load.Workload {
	return load.Workload{Protocol: load.KV, Distribution: load.Uniform, Keys: keys, MinValue: value, MaxValue: value}
}

// fillUp makes as many requests as there is room for.
func fillUp(p *pipeline, dst []byte, from *dataset.Source, now time.Duration) []byte {
	for p.room() > 0 {
		r, ok := from.Next(nil)
		if !ok {
			break
		}
		dst = p.appendRequest(dst, request{due: now, sent: now, Request: r})
	}
	return dst
}
