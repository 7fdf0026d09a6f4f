package dataset

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func TestZipf(t *testing.T) {
	const keys, n = 100, 200_000
	z := zipfOf(keys)
	random := rand.New(rand.NewPCG(1, 1))
	var seen [keys]int
	for range n {
		seen[z.pick(random)]++
	}
	sum := 0.0
	for k := range keys {
		sum += 1 / math.Pow(float64(k+1), 0.99)
	}
	for k, got := range seen {
		want := n / math.Pow(float64(k+1), 0.99) / sum
		assert.InDelta(t, want, got, 5*math.Sqrt(want), "key %d: within five standard deviations", k)
	}
	assert.Equal(t, 0, zipfOf(1).pick(random))

	w := load.DefaultWorkload()
	w.Distribution = load.Zipfian
	m, first := mixOf(w, 1), 0
	for range 1000 {
		if r, _ := m.Next(nil); r.Key == 0 {
			first++
		}
	}
	assert.Greater(t, first, 50, "of 10,000 keys, the first is asked for by a tenth")
}

func zipfOf(n int) zipf {
	z, err := newZipf(context.Background(), n)
	if err != nil {
		panic(err)
	}
	return z
}
