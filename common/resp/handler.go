package resp

import (
	"errors"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// conn is the state of one connection, and its session.Handler.
type conn struct {
	p       *Protocol
	id      int64
	about   *about // nil: the client has said nothing about itself
	reading progress
	version uint8 // of the protocol: 2 or 3
	digits  uint8 // of the length of the last value: the next one is likely to have as many
	trusted bool  // the client has given the password, or there is none
}

// room is what a reply may need before its command looks at the store, in bytes: no
// shorter reply is checked.
const room = 64

// Serve implements session.Handler. It answers at most store.PrefetchBatch requests, or
// store.MaxPuts if the store is a store.Batcher.
func (c *conn) Serve(out, in []byte, max, limit int) (_ []byte, taken, answered, room int, err error) {
	if len(in) < c.reading.need {
		return out, 0, 0, 0, nil
	}
	var r request
	size, err := r.parse(in, &c.reading, max, c.trusted)
	if size == 0 || err != nil {
		return out, 0, 0, 0, err
	}
	if size < len(in) && limit > len(out) && !r.inline {
		switch {
		case c.p.prefetcher != nil:
			return c.serveSeveral(out, in, &r, size, max, limit)
		case c.p.batcher != nil && c.trusted && (r.isGet() || r.isSet()):
			return c.serveBatch(out, in, &r, size, max, limit)
		}
	}
	return c.serveOne(out, &r, size, max)
}

// serveOne answers one request.
func (c *conn) serveOne(out []byte, r *request, size, max int) (_ []byte, taken, answered, room int, err error) {
	if r.inline {
		if err := r.expand(); err != nil {
			return out, 0, 0, 0, err
		}
	}
	if r.n == 0 {
		return out, size, 0, 0, nil
	}
	if out, room, err = c.answer(out, r, max); room > 0 {
		return out, 0, 0, room, nil
	}
	return out, size, 1, 0, err
}

// serveSeveral reads several requests before it answers the first, so that the store can
// look up all their keys at the same time. The caller has read the first one.
func (c *conn) serveSeveral(out, in []byte, first *request, size, max, limit int) (_ []byte, taken, answered, room int, err error) {
	var requests [store.PrefetchBatch]request
	var ends [store.PrefetchBatch]int
	var hashes [store.PrefetchBatch]uint64
	n, keys := 0, 0
	requests[0] = *first
	for at := 0; n < len(requests); n++ {
		r := &requests[n]
		if n > 0 {
			if at == len(in) {
				break
			}
			size, err = r.parse(in[at:], &progress{}, max, c.trusted)
			if size == 0 || err != nil || r.inline {
				err = nil // it shows again when this request is the first
				break
			}
		}
		at += size
		ends[n] = at
		if r.isGet() || r.isSet() {
			hashes[keys] = c.p.prefetcher.Hash(r.args[1])
			keys++
		}
	}
	if keys > 1 {
		c.p.prefetcher.Prefetch(hashes, keys)
	}
	trusted := c.trusted
	for i := range n {
		r := &requests[i]
		start := len(out)
		if r.n > 0 {
			if out, room, err = c.answer(out, r, max); room > 0 {
				break
			}
			answered++
		}
		taken = ends[i]
		if err != nil || len(out)+(len(out)-start) > limit || c.trusted != trusted {
			break // other limits hold for the next request if the client gave the password
		}
	}
	if taken > 0 {
		room = 0 // the next call asks for the reply that did not fit
	}
	return out, taken, answered, room, err
}

// answer appends the reply to r. If it does not fit, answer changes nothing, and returns
// how many bytes it needs. The error ends the session.
func (c *conn) answer(out []byte, r *request, max int) (_ []byte, need int, err error) {
	if cap(out)-len(out) < room {
		return out, room, nil
	}
	if c.trusted { // the usual commands take the short way
		switch {
		case r.isGet():
			out, need = c.get(out, r.args[1])
			return out, need, nil
		case r.isSet():
			if err := c.p.store.Put(r.args[1], r.args[2]); err != nil {
				return c.appendStoreError(out, err), 0, nil
			}
			return append(out, "+OK\r\n"...), 0, nil
		}
	}
	k := c.p.calls.Get().(*call)
	k.conn, k.request, k.out, k.max = c, *r, out, max
	k.answer()
	out, need, err = k.out, k.need, k.end
	k.reset()
	c.p.calls.Put(k)
	return out, need, err
}

// get appends the value of key. The caller has made room for all but the value.
func (c *conn) get(out, key []byte) (_ []byte, need int) {
	// The value is appended where it will be sent from, which saves a copy. Its length
	// precedes it, and is known only afterwards.
	start := len(out)
	begin := start + 3 + int(c.digits)
	after, found, need, err := c.p.fit.AppendFit(out[:begin], key)
	switch {
	case err != nil: // after may be anything
		return c.appendStoreError(out, err), 0
	case need > 0:
		return out, need + room
	case !found:
		return appendNull(out, c.version), 0
	}
	n := len(after) - begin
	if cap(after)-len(after) < aroundBulk {
		return out, n + room
	}
	after = finish(after, start, begin, '$', n)
	c.digits = uint8(digits(n))
	return append(after, "\r\n"...), 0
}

// appendStoreError tells the client only which kind of error it is, and the operator
// more.
//
// A store that is not available is an ERR, and no LOADING, CLUSTERDOWN or TRYAGAIN: some
// clients send a command again after these, and a change that has perhaps happened would
// happen twice.
func (c *conn) appendStoreError(out []byte, err error) []byte {
	if errors.Is(err, store.ErrApart) { // the client's mistake
		return append(out, "-CROSSSLOT Keys in request don't hash to the same slot\r\n"...)
	}
	c.p.Failed(err)
	switch {
	case errors.Is(err, store.ErrFull):
		return append(out, "-OOM command not allowed when used memory > 'maxmemory'.\r\n"...)
	case errors.Is(err, store.ErrUnavailable):
		return append(out, "-ERR the store is not available\r\n"...)
	case errors.Is(err, store.ErrTimeout):
		return append(out, "-ERR the store did not answer in time\r\n"...)
	}
	return append(out, "-ERR the store failed\r\n"...)
}

// Need implements session.Handler. Each of the bulk strings that are still to come has at
// least shortestBulk bytes.
func (c *conn) Need(in []byte, max int) (int, error) {
	if len(in) < c.reading.need || len(in) == 0 {
		return c.reading.need, nil
	}
	var r request
	size, err := r.parse(in, &c.reading, max, c.trusted)
	if size > 0 || err != nil {
		return size, err
	}
	return c.reading.need, nil
}

// Refuse implements session.Handler.
func (c *conn) Refuse(out []byte, why error) []byte {
	var broken protocolError
	var long longError
	switch {
	case errors.Is(why, session.ErrRefused):
		return appendError(out, "ERR max number of clients reached")
	case errors.As(why, &broken), errors.As(why, &long):
		return appendError(out, "ERR "+why.Error())
	default:
		return appendError(out, "ERR "+protocolError(why.Error()).Error())
	}
}
