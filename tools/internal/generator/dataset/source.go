package dataset

import (
	"context"
	"math/rand/v2"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// Request is a request, without its time and its bytes.
type Request struct {
	// Key is the key's number in the dataset, or the exchange's in the file.
	Key int
	Put bool // a get otherwise
}

// Source decides the next request. It is no interface, because the generator calls it
// for each request.
type Source struct {
	random *rand.Rand // nil: a Fill, or exchanges
	keys   int        // or exchanges
	zipf   zipf       // empty: all keys are equally likely
	puts   uint32     // of 2³² requests, how many are puts; 2³²-1 if all are
	next   int        // of a Fill: the next key
	cycle  bool       // exchanges
	setup  int        // how many of the exchanges are not repeated
}

// Mix returns an endless Source: a random key, put or get at random; or the exchanges
// of a file in their order, on each connection. It returns an error only if ctx is
// done.
func Mix(ctx context.Context, w load.Workload, seed uint64) (s *Source, err error) {
	if e := w.Exchanges; e != nil {
		return &Source{cycle: true, keys: e.Setup + e.Repeated, setup: e.Setup}, nil
	}
	s = &Source{
		random: rand.New(rand.NewPCG(seed, 0)),
		keys:   w.Keys,
		puts:   uint32(min(w.Puts*(1<<32), 1<<32-1)),
	}
	if w.Distribution == load.Zipfian {
		s.zipf, err = newZipf(ctx, w.Keys)
	}
	return s, err
}

// Fill returns a Source that puts each of the keys 0 to keys-1 once, or has each of as
// many exchanges once.
func Fill(keys int) *Source { return &Source{keys: keys} }

// Next returns the next request of a connection. ok is false when there are no more.
// at is the connection's place in the order of the exchanges, 0 at the beginning, which
// Next moves on; nil if the source is not of exchanges.
func (s *Source) Next(at *int) (r Request, ok bool) {
	if s.cycle {
		r.Key = *at
		if *at++; *at == s.keys {
			*at = s.setup
		}
		return r, true
	}
	if s.random == nil {
		if s.next == s.keys {
			return Request{}, false
		}
		s.next++
		return Request{Key: s.next - 1, Put: true}, true
	}
	if s.zipf.upTo != nil {
		r.Key = s.zipf.pick(s.random)
	} else {
		r.Key = s.random.IntN(s.keys)
	}
	r.Put = s.random.Uint32() < s.puts
	return r, true
}
