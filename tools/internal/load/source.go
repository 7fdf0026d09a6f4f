package load

import (
	"context"
	"math/rand/v2"
)

// source decides the next request.
type source interface {
	// next returns the key's number, and whether to put or get it. ok is false
	// when there are no more requests.
	next() (key int, put, ok bool)
}

// mix is endless: a random key, put or get at random.
type mix struct {
	random *rand.Rand
	keys   int
	zipf   zipf   // empty: all keys are equally likely
	puts   uint32 // of 2³² requests, how many are puts; 2³²-1 if all are
}

// newMix returns an error only if ctx is done.
func newMix(ctx context.Context, w Workload, seed uint64) (m *mix, err error) {
	m = &mix{
		random: rand.New(rand.NewPCG(seed, 0)),
		keys:   w.Keys,
		puts:   uint32(min(w.Puts*(1<<32), 1<<32-1)),
	}
	if w.Distribution == Zipfian {
		m.zipf, err = newZipf(ctx, w.Keys)
	}
	return m, err
}

func (m *mix) next() (key int, put, ok bool) {
	if m.zipf.upTo != nil {
		key = m.zipf.pick(m.random)
	} else {
		key = m.random.IntN(m.keys)
	}
	return key, m.random.Uint32() < m.puts, true
}

// fill puts each key once.
type fill struct{ at, keys int }

func (f *fill) next() (key int, put, ok bool) {
	if f.at == f.keys {
		return 0, false, false
	}
	f.at++
	return f.at - 1, true, true
}
