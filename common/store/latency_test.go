package store_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/store"
)

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var w store.Stopwatch
		for _, d := range []time.Duration{0, 16 * time.Microsecond, 16*time.Microsecond + 1, 32 * time.Microsecond, time.Second, time.Hour} {
			began := time.Now()
			time.Sleep(d)
			w.Took(began)
		}
		l := w.Latency()
		assert.EqualValues(t, 6, l.Count)
		assert.InDelta(t, 3601.000064, l.Seconds, 1e-6)
		assert.Equal(t, []store.Bucket{{16e-6, 2}, {32e-6, 4}, {64e-6, 4}}, l.Buckets[:3])
		assert.Equal(t, store.Bucket{AtMost: 0.524288, Count: 4}, l.Buckets[15])
		assert.Equal(t, store.Bucket{AtMost: 1.048576, Count: 5}, l.Buckets[16])
		assert.Equal(t, store.Bucket{AtMost: 16.777216, Count: 5}, l.Buckets[len(l.Buckets)-1], "an hour is more")
	})
}
