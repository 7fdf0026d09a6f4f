// Package asynclog writes a log for code that must not block: an event loop, whose
// clients would all wait meanwhile, or a program that is about to end.
//
// A log may be a pipe, which fills up if its reader stops. A write then blocks until
// the reader goes on, which may be never. A Handler passes records to another goroutine
// instead, and drops further records while Length of them wait. The log says how many
// were dropped.
package asynclog

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Length is the largest number of waiting records; further ones are dropped.
const Length = 256

// Handler is a slog.Handler whose Handle and Enabled never wait. It passes the records
// to another handler, in order and one at a time, on a goroutine that runs only while
// records wait; it need not be stopped. That goroutine reads the values of attributes,
// so they must not change after the call.
type Handler struct {
	to    slog.Handler // the other handler, with the attributes and groups
	queue *queue       // shared by all handlers derived from one
}

// New returns a handler that passes records on to the given one.
func New(to slog.Handler) *Handler { return &Handler{to, &queue{root: to}} }

// Enabled reports true, because asking the other handler might block. The goroutine
// asks the other handler before it passes a record on.
func (h *Handler) Enabled(context.Context, slog.Level) bool { return true }

// Handle queues a record, or drops it if Length records wait. It always returns nil.
func (h *Handler) Handle(ctx context.Context, r slog.Record) error {
	h.queue.put(entry{ctx: ctx, to: h.to, record: r.Clone()})
	return nil
}

// WithAttrs implements slog.Handler. It calls the other handler's WithAttrs at once.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &Handler{h.to.WithAttrs(attrs), h.queue}
}

// WithGroup implements slog.Handler. It calls the other handler's WithGroup at once.
func (h *Handler) WithGroup(name string) slog.Handler {
	return &Handler{h.to.WithGroup(name), h.queue}
}

// Flush waits until all earlier records have been passed on, but no longer than the
// timeout. It reports whether they have.
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

// entry is a waiting record.
type entry struct {
	ctx     context.Context
	to      slog.Handler
	record  slog.Record
	dropped int // number of records dropped before it
}

// queue holds the waiting records of a handler.
type queue struct {
	root slog.Handler // gets the lines about dropped records

	mu      sync.Mutex
	waiting []entry
	dropped int           // since the last waiting record
	idle    chan struct{} // closed when no record waits any more; nil if none waits
}

// put appends an entry if there is room, or else counts it as dropped.
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

// next returns the entry that has waited longest. ok is false if no entry waits; the
// draining goroutine must end then.
func (q *queue) next() (e entry, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case len(q.waiting) > 0:
		e = q.waiting[0]
		q.waiting[0] = entry{}
		q.waiting = q.waiting[1:]
		return e, true
	case q.dropped > 0: // and no record was logged since
		e.dropped, q.dropped = q.dropped, 0
		return e, true
	}
	q.waiting = nil
	close(q.idle)
	q.idle = nil
	return entry{}, false
}

// drain passes records on until none waits.
func (q *queue) drain() {
	for {
		e, ok := q.next()
		if !ok {
			return
		}
		if e.dropped > 0 {
			r := slog.NewRecord(time.Now(), slog.LevelWarn, "log lines are missing here, because the log was not read in time", 0)
			r.AddAttrs(slog.Int("dropped", e.dropped))
			handle(context.Background(), q.root, r)
		}
		if e.to != nil {
			handle(e.ctx, e.to, e.record)
		}
	}
}

// handle passes a record on. It drops the handler's error, because there is no other
// place to report it.
func handle(ctx context.Context, to slog.Handler, r slog.Record) {
	if to.Enabled(ctx, r.Level) {
		_ = to.Handle(ctx, r)
	}
}
