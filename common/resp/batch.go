package resp

import (
	"slices"

	"github.com/ioflavors/ioflavors/common/store"
)

// serveBatch answers a GET or SET, and those of the same kind that stand behind it, by one
// call of the store. The caller has read the first one, and limit is more than len(out).
//
// No SET is done twice: what is put in a batch is answered by the same call. A GET that is
// not answered any more, because the limit is reached, is done again.
func (c *conn) serveBatch(out, in []byte, first *request, size, max, limit int) (_ []byte, taken, answered, need int, err error) {
	puts := first.isSet()
	most := store.MaxGets
	if puts {
		most = min(store.MaxPuts, (limit-len(out))/room)
	}
	ops := []store.Op{opOf(first)}
	ends := []int{size}
	for at := size; at < len(in) && len(ops) < most; {
		var r request
		size, err := r.parse(in[at:], &progress{}, max, true)
		if size == 0 || err != nil || r.inline || puts && !r.isSet() || !puts && !r.isGet() {
			break // an error shows again when this request is the first
		}
		at += size
		ops, ends = append(ops, opOf(&r)), append(ends, at)
	}
	switch {
	case len(ops) == 1:
		return c.serveOne(out, first, size, max)
	case !puts:
		c.p.batcher.GetAll(ops)
		out, answered = c.appendGot(out, ops, limit)
	case cap(out)-len(out) < len(ops)*room:
		return out, 0, 0, len(ops) * room, nil
	default:
		c.p.batcher.PutAll(ops)
		answered = len(ops)
		for _, op := range ops {
			if op.Err != nil {
				out = c.appendStoreError(out, op.Err)
			} else {
				out = append(out, "+OK\r\n"...)
			}
		}
	}
	return out, ends[answered-1], answered, 0, nil
}

// opOf returns what the store must do for a GET or SET.
func opOf(r *request) store.Op {
	if r.isSet() {
		return store.Op{Key: r.args[1], Value: r.args[2]}
	}
	return store.Op{Key: r.args[1]}
}

// appendGot appends the replies to GETs until the limit is reached, and returns how many
// these are. It makes room for all of them at once.
func (c *conn) appendGot(out []byte, ops []store.Op, limit int) (_ []byte, answered int) {
	size := 0
	for _, op := range ops {
		reply := len(op.Value) + room
		size += reply
		if answered++; len(out)+size+reply > limit {
			break
		}
	}
	out = slices.Grow(out, size)
	for _, op := range ops[:answered] {
		switch {
		case op.Err != nil:
			out = c.appendStoreError(out, op.Err)
		case op.Found:
			out = appendBulk(out, op.Value)
		default:
			out = appendNull(out, c.version)
		}
	}
	return out, answered
}
