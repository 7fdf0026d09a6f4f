package load

import (
	"math/rand/v2"
	"time"
)

// schedule says when the requests of an open loop are due, and on which
// connection. It depends on the seed alone: how the server does has no
// influence on it.
type schedule struct {
	due time.Duration // when the next request is due

	gap     float64 // between two requests, on average, in ns
	poisson bool
	random  *rand.Rand
	exact   float64 // due, with its fraction, so that a clock does not drift
	turn    int     // the connection that is next, where they take turns
}

func newSchedule(w Workload, seed uint64) *schedule {
	s := &schedule{gap: 1e9 / w.Rate, poisson: w.Arrivals == Poisson, random: rand.New(rand.NewPCG(seed, 1))}
	s.step()
	return s
}

// next returns when the next request is due, and goes on to the one after it.
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
// Arrivals that are picked at random are Poisson arrivals on each connection.
func (s *schedule) pick(n int) int {
	if s.poisson {
		return s.random.IntN(n)
	}
	s.turn = (s.turn + 1) % n
	return s.turn
}

// shift moves everything that is still to come.
func (s *schedule) shift(by time.Duration) {
	s.exact += float64(by)
	s.due = time.Duration(s.exact)
}
