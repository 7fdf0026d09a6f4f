package dataset

import (
	"context"
	"math/rand/v2"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Request is a request, without its time and its bytes.
type Request struct {
	Key int  // the key's number in the dataset
	Put bool // a get otherwise
}

// Source decides the next request.
type Source interface {
	// Next returns it. ok is false when there are no more requests.
	Next() (r Request, ok bool)
}

// Mix is an endless Source: a random key, put or get at random.
type Mix struct {
	random *rand.Rand
	keys   int
	zipf   zipf   // empty: all keys are equally likely
	puts   uint32 // of 2³² requests, how many are puts; 2³²-1 if all are
}

// NewMix returns an error only if ctx is done.
func NewMix(ctx context.Context, w load.Workload, seed uint64) (m *Mix, err error) {
	m = &Mix{
		random: rand.New(rand.NewPCG(seed, 0)),
		keys:   w.Keys,
		puts:   uint32(min(w.Puts*(1<<32), 1<<32-1)),
	}
	if w.Distribution == load.Zipfian {
		m.zipf, err = newZipf(ctx, w.Keys)
	}
	return m, err
}

// Next implements Source.
func (m *Mix) Next() (r Request, ok bool) {
	if m.zipf.upTo != nil {
		r.Key = m.zipf.pick(m.random)
	} else {
		r.Key = m.random.IntN(m.keys)
	}
	r.Put = m.random.Uint32() < m.puts
	return r, true
}

// Fill is a Source that puts each key once.
type Fill struct{ next, keys int }

// NewFill returns a Fill of the keys 0 to keys-1.
func NewFill(keys int) *Fill { return &Fill{keys: keys} }

// Next implements Source.
func (f *Fill) Next() (r Request, ok bool) {
	if f.next == f.keys {
		return Request{}, false
	}
	f.next++
	return Request{Key: f.next - 1, Put: true}, true
}
