// Package asynclog writes a log for code that must not block: an event loop, whose
// clients all wait while it does, or a program that is about to end.
//
// A log may be a pipe, and the pipe fills up if its reader stops. Then a write
// blocks until the reader goes on, which may be never. A Handler hands records to
// another goroutine instead, and drops them when too many wait; the log says how
// many were dropped.
package asynclog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Length is how many records wait at most; more are dropped.
const Length = 256

// Handler is a slog.Handler whose Handle and Enabled never wait. Another
// handler gets the records, in order and one at a time, on a goroutine that
// runs only while there are any: it need not be stopped. Values of attributes
// are looked at there, so they must not change after they were logged.
type Handler struct {
	to    slog.Handler // with the attributes and groups
	queue *queue       // shared by all that were derived from one
}

// New returns a handler that hands records on.
func New(to slog.Handler) *Handler { return &Handler{to, &queue{root: to}} }

// Enabled reports true, because the other handler might block when it is asked. The
// goroutine asks it before it hands over a record.
func (h *Handler) Enabled(context.Context, slog.Level) bool { return true }

// Handle queues a record, or drops it. It returns nil.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	h.queue.put(entry{ctx: ctx, to: h.to, record: r.Clone()})
	return nil
}

// WithAttrs is slog.Handler's. It calls the other handler's at once.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.to.WithAttrs(attrs), h.queue}
}

// WithGroup is slog.Handler's. It calls the other handler's at once.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.to.WithGroup(name), h.queue}
}

// Flush waits until all records that were logged before are handed on, but no longer
// than the timeout. It reports whether they were.
func (h *Handler) Flush(timeout time.Duration) bool {
	h.queue.mu.Lock()
	idle := h.queue.idle
	h.queue.mu.Unlock()
	if idle == nil {
		return true
	}
	t := time.NewTimer(timeout)
	defer t.Stop()
	select {
	case <-idle:
		return true
	case <-t.C:
		return false
	}
}

// entry is a record that waits.
type entry struct {
	ctx     context.Context
	to      slog.Handler
	record  slog.Record
	dropped int // records before it
}

// queue is what waits for a handler.
type queue struct {
	root slog.Handler // gets the lines about dropped records

	mu      sync.Mutex
	waiting []entry
	dropped int           // since the last that waits
	idle    chan struct{} // closed when nothing waits any more; nil: nothing does
}

// put appends an entry, if there is room.
func (q *queue) put(e entry) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == Length {
		q.dropped++
		return
	}
	e.dropped, q.dropped = q.dropped, 0
	q.waiting = append(q.waiting, e)
	if q.idle == nil {
		q.idle = make(chan struct{})
		go q.drain()
	}
}

// next returns the entry that has waited longest. ok is false when there is none:
// then the goroutine that drains the queue must end.
func (q *queue) next() (e entry, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.waiting) > 0:
		e = q.waiting[0]
		q.waiting[0] = entry{}
		q.waiting = q.waiting[1:]
		return e, true
	case q.dropped > 0: // and nothing was logged since
		e.dropped, q.dropped = q.dropped, 0
		return e, true
	}
	q.waiting = nil
	close(q.idle)
	q.idle = nil
	return entry{}, false
}

// drain hands records on until none waits.
func (q *queue) drain() {
	for {
		e, ok := q.next()
		if !ok {
			return
		}
		if e.dropped > 0 {
			r := slog.NewRecord(time.Now(), slog.LevelWarn, "log lines are missing here, because nobody read them in time", 0)
			r.AddAttrs(slog.Int("dropped", e.dropped))
			handle(context.Background(), q.root, r)
		}
		if e.to != nil {
			handle(e.ctx, e.to, e.record)
		}
	}
}

// handle hands a record on. An error is the log's, and there is nowhere else to
// tell of it.
func handle(ctx context.Context, to slog.Handler, r slog.Record) {
	if to.Enabled(ctx, r.Level) {
		_ = to.Handle(ctx, r)
	}
}
