package generator

import "time"

// queue is a FIFO of times. A push takes constant time on average. The memory is
// at most four times that of the longest queue since it was last empty.
type queue struct {
	times []time.Duration
	first int
}

// keptTimes is the number of entries whose memory an empty queue keeps. Without
// it, each connection would keep the memory of its longest backlog ever, and
// maxBacklog bounds only the sum of all connections at one time.
const keptTimes = 1 << 10

func (q *queue) len() int { return len(q.times) - q.first }

// all returns the entries, until the queue is changed.
func (q *queue) all() []time.Duration { return q.times[q.first:] }

func (q *queue) push(t time.Duration) {
	// Moving is cheap on average: at most as many entries stay as have left
	// since the last move.
	if len(q.times) == cap(q.times) && q.first > 0 && q.first >= q.len() {
		q.times = q.times[:copy(q.times, q.times[q.first:])]
		q.first = 0
	}
	q.times = append(q.times, t)
}

// pop must not be called on an empty queue.
func (q *queue) pop() time.Duration {
	t := q.times[q.first]
	if q.first++; q.first == len(q.times) {
		q.times, q.first = q.times[:0], 0
		if cap(q.times) > keptTimes {
			q.times = nil
		}
	}
	return t
}
