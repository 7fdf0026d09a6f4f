package generator

import (
	"math/rand/v2"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// schedule determines when the requests of an open loop are due, and on
// which connection. It depends only on the seed: the server has no influence
// on it.
type schedule struct {
	due time.Duration // when the next request is due

	gap     float64 // mean gap between two requests, in ns
	poisson bool
	random  *rand.Rand
	exact   float64 // due, with its fraction, so that a clock does not drift
	last    int     // the connection of the last request, for constant arrivals
}

func newSchedule(w load.Workload, seed uint64) *schedule {
	s := &schedule{gap: 1e9 / w.Rate, poisson: w.Arrivals == load.Poisson, random: rand.New(rand.NewPCG(seed, 1))}
	s.step()
	return s
}

// next returns when the next request is due, and advances to the one after
// it.
func (s *schedule) next() time.Duration {
	due := s.due
	s.step()
	return due
}

func (s *schedule) step() {
	gap := s.gap
	if s.poisson {
		gap *= s.random.ExpFloat64()
	}
	s.exact += gap
	s.due = time.Duration(s.exact)
}

// pick returns the connection, out of n, for the request that next returned.
// Poisson arrivals that are distributed at random are Poisson arrivals on
// each connection, too.
func (s *schedule) pick(n int) int {
	if s.poisson {
		return s.random.IntN(n)
	}
	s.last = (s.last + 1) % n
	return s.last
}

// shift moves all future requests.
func (s *schedule) shift(by time.Duration) {
	s.exact += float64(by)
	s.due = time.Duration(s.exact)
}
