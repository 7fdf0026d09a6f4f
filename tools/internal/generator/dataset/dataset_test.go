package dataset

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func TestDataset(t *testing.T) {
	d := dataOf(sized(1000, 64))
	seen := map[string]bool{}
	for i := range d.Keys {
		assert.Len(t, d.Key(i), KeySize)
		assert.Len(t, d.Value(i), 64)
		seen[string(d.Key(i))] = true
		seen[string(d.Value(i))] = true
	}
	assert.Len(t, seen, 2000)
	assert.Equal(t, d, dataOf(sized(1000, 64)), "the same in every process")
	assert.Equal(t, "key:000000000999", string(d.Key(999)))
}

// Values have all sizes of their range, and no other.
func TestValueSizes(t *testing.T) {
	w := sized(1000, 10)
	w.MaxValue = 20
	d := dataOf(w)
	seen := make(map[int]bool)
	for i := range d.Keys {
		assert.Len(t, d.Value(i), d.ValueSize(i))
		seen[d.ValueSize(i)] = true
	}
	for size := 10; size <= 20; size++ {
		assert.True(t, seen[size], size)
	}
	assert.Len(t, seen, 11)
}

func TestMix(t *testing.T) {
	count := func(puts float64) (n int) {
		m := mixOf(load.Workload{Puts: puts, Keys: 7}, 1)
		for range 10_000 {
			r, ok := m.Next(nil)
			require.True(t, ok && r.Key >= 0 && r.Key < 7)
			if r.Put {
				n++
			}
		}
		return n
	}
	assert.Zero(t, count(0))
	assert.InDelta(t, 1000, count(0.1), 150)
	assert.Equal(t, 10_000, count(1))

	a, b := mixOf(load.DefaultWorkload(), 5), mixOf(load.DefaultWorkload(), 5)
	for range 100 {
		x, _ := a.Next(nil)
		y, _ := b.Next(nil)
		require.Equal(t, x, y, "a seed repeats the sequence")
	}
}

// Slow preparations end with their context.
func TestPreparingEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := sized(10_000_000, 10)
	w.Distribution = load.Zipfian
	_, err := New(ctx, w)
	require.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "making 10000000 keys")
	_, err = Mix(ctx, w, 1)
	require.ErrorIs(t, err, context.Canceled)
}

// sized has values of one size.
func sized(keys, value int) load.Workload {
	return load.Workload{Distribution: load.Uniform, Keys: keys, MinValue: value, MaxValue: value}
}

func dataOf(w load.Workload) *Dataset {
	d, err := New(context.Background(), w)
	if err != nil {
		panic(err)
	}
	return d
}

func mixOf(w load.Workload, seed uint64) *Source {
	m, err := Mix(context.Background(), w, seed)
	if err != nil {
		panic(err)
	}
	return m
}
