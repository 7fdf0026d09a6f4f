package load

import "time"

// queue is times, first in, first out. A push takes constant time on average, and
// the memory is at most four times that of the longest queue since it was empty.
type queue struct {
	times []time.Duration
	first int
}

// keptTimes is how many entries' memory an empty queue keeps. Its connection would
// otherwise keep that of the longest backlog it ever had, and maxBacklog bounds
// only what all connections have at the same time.
const keptTimes = 1 << 10

func (q *queue) len() int { return len(q.times) - q.first }

// all returns the entries, until the queue is changed.
func (q *queue) all() []time.Duration { return q.times[q.first:] }

func (q *queue) push(t time.Duration) {
	// Those that stay are no more than those that have left since the last time.
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
