package load

import "time"

// queue is times, first in, first out. It keeps its memory.
type queue struct {
	times []time.Duration
	first int
}

func (q *queue) len() int { return len(q.times) - q.first }

func (q *queue) push(t time.Duration) {
	if q.first > 0 && len(q.times) == cap(q.times) {
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
	}
	return t
}
