package servertest_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/server"
	"github.com/ioflavors/ioflavors/common/servertest"
)

// The suite's histories must detect a store that is sometimes wrong. A single
// history may miss the fault, about one in three hundred where all goroutines
// share one processor: if most operations overlap, some order explains nearly
// everything. Several histories do not miss it.
func TestHistoriesOfFaultyStores(t *testing.T) {
	for _, test := range []struct {
		fault fault
		want  string
	}{
		{staleGet, "no order of the operations explains"},
		{lostPut, "no order of the operations explains"},
		{crossedGet, "another key's answer"},
	} {
		t.Run(string(test.fault), func(t *testing.T) {
			failure := ""
			for range 5 {
				cfg := server.Config{Protocol: kv.New(kv.Config{Store: &faultyStore{fault: test.fault, values: map[string][]string{}}})}
				if failure = servertest.FindBreach(t, servertest.Target{New: newPlain}, cfg, rand.Uint64()); failure != "" {
					break
				}
			}
			assert.Contains(t, failure, test.want)
			t.Log(failure)
		})
	}
}

type fault string

const (
	staleGet   fault = "a get of the value before the last"
	lostPut    fault = "a put that is confirmed and forgotten"
	crossedGet fault = "a get of another key's value"
)

// faultyStore makes its fault on every twentieth call.
type faultyStore struct {
	fault fault

	mu     sync.Mutex
	calls  int
	values map[string][]string // all values put, in order
}

func (s *faultyStore) Put(key, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.fails(lostPut) {
		s.values[string(key)] = append(s.values[string(key)], string(value))
	}
	return nil
}

func (s *faultyStore) Append(dst, key []byte) (out []byte, found bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	values := s.values[string(key)]
	if s.fails(staleGet) && len(values) > 0 {
		values = values[:len(values)-1]
	}
	if s.fails(crossedGet) {
		for other := range s.values {
			if other != string(key) {
				values = s.values[other]
			}
		}
	}
	if len(values) == 0 {
		return dst, false, nil
	}
	return append(dst, values[len(values)-1]...), true, nil
}

func (s *faultyStore) fails(f fault) bool {
	if s.fault != f {
		return false
	}
	s.calls++
	return s.calls%20 == 0
}
