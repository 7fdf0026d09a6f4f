package store

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Timed is a Store that measures how long its operations take, because they wait for a
// disk or for another process.
type Timed interface {
	Latency() Latency
}

// Latency is how long a store's operations took since its start, those that failed among
// them. A batch is one operation.
type Latency struct {
	Count   int64    `json:"count"`
	Seconds float64  `json:"seconds"` // of all together
	Buckets []Bucket `json:"buckets"` // in ascending order; the last one leaves out the longest operations
}

// Bucket counts the operations that took at most so many seconds.
type Bucket struct {
	AtMost float64 `json:"at_most"`
	Count  int64   `json:"count"`
}

// Each bucket ends at twice the time of the last one: from 16 µs, which is less than any
// write to a disk takes, to 16.8 s, which is more than an operation may wait.
const (
	firstBucket = 16 * time.Microsecond
	manyBuckets = 21
)

// Stopwatch measures operations for a Timed store. Its methods are safe for concurrent
// use.
type Stopwatch struct {
	nanoseconds atomic.Int64
	counts      [manyBuckets + 1]atomic.Int64 // not cumulative
}

// Took adds an operation that began at the given time.
func (w *Stopwatch) Took(began time.Time) {
	d := time.Since(began)
	w.nanoseconds.Add(int64(d))
	w.counts[bucketOf(d)].Add(1)
}

func bucketOf(d time.Duration) int {
	return min(bits.Len64(uint64((max(1, d)-1)/firstBucket)), manyBuckets)
}

// Latency implements Timed.
func (w *Stopwatch) Latency() Latency {
	l := Latency{Seconds: time.Duration(w.nanoseconds.Load()).Seconds()}
	bound := firstBucket
	for i := range w.counts {
		l.Count += w.counts[i].Load()
		if i < manyBuckets {
			l.Buckets = append(l.Buckets, Bucket{bound.Seconds(), l.Count})
			bound *= 2
		}
	}
	return l
}
