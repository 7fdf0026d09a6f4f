package generator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestQueue(t *testing.T) {
	var q queue
	for i := range 100 {
		q.push(time.Duration(2 * i))
		q.push(time.Duration(2*i + 1))
		assert.EqualValues(t, i, q.pop())
	}
	assert.Equal(t, 100, q.len())
	for i := range 100 {
		assert.EqualValues(t, 100+i, q.pop())
	}
	assert.Zero(t, q.len())
	assert.LessOrEqual(t, cap(q.times), 256, "what was taken out makes room")
}

// A queue that has filled its memory moves, over many requests, no more entries
// than arrive.
func TestTheQueueDoesNotMoveEverythingOnEachArrival(t *testing.T) {
	var q queue
	const most = 1 << 10
	for i := range most {
		q.push(time.Duration(i))
	}
	moved := 0
	for i := range 20 * most {
		require.EqualValues(t, i, q.pop())
		oldest := &q.times[q.first]
		q.push(time.Duration(most + i))
		if oldest != &q.times[q.first] {
			moved += q.len()
		}
	}
	assert.LessOrEqual(t, moved, 20*most)
	assert.LessOrEqual(t, cap(q.times), 4*most)
}

// A connection that once had a long queue does not keep the memory: the limit is
// on all queues together, and each of them could once have been the long one.
func TestAnEmptyQueueGivesBackItsMemory(t *testing.T) {
	var q queue
	for i := range 1 << 16 {
		q.push(time.Duration(i))
	}
	for q.len() > 0 {
		q.pop()
	}
	assert.LessOrEqual(t, cap(q.times), keptTimes)
	q.push(1)
	assert.EqualValues(t, 1, q.pop())
	kept := cap(q.times)
	q.push(2)
	assert.Equal(t, kept, cap(q.times), "a short one does")
}
