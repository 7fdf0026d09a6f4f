package kv

import (
	"slices"

	"github.com/ioflavors/ioflavors/common/frame"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
	"github.com/ioflavors/ioflavors/common/store"
)

// appendBatch answers the requests of one kind at the start of data by one call of the
// store. It answers a request that is no Get or put alone, as appendFrame does. The first
// request is whole, and limit is more than len(dst).
//
// No put is done twice: what is put in a batch is answered by the same call. A get that
// is not answered any more, because the limit is reached, is done again.
func (h *Handler) appendBatch(dst, data []byte, maxFrame, limit int) (out []byte, taken, answered, need int) {
	requests, ops := h.alike(data, maxFrame, (limit-len(dst))/around)
	switch kind := requests[0].Kind; {
	case len(requests) == 1:
		if out, need = h.appendFrame(dst, &requests[0]); need > 0 {
			return out, 0, 0, need
		}
		answered = 1
	case kind == Get:
		h.batcher.GetAll(ops)
		out, answered = h.appendGot(dst, ops, limit)
	case cap(dst)-len(dst) < len(ops)*around:
		return dst, 0, 0, len(ops) * around
	default:
		h.batcher.PutAll(ops)
		out, answered = h.appendPut(dst, ops), len(ops)
	}
	return out, requests[answered-1].end, answered, 0
}

// alike parses the requests at the start of data that one call of the store answers: at
// least one, and maxPuts puts at most.
func (h *Handler) alike(data []byte, maxFrame, maxPuts int) (requests []request, ops []store.Op) {
	most := 1
	for at := 0; ; {
		body, size, err := frame.Next(data[at:], maxFrame)
		if size == 0 || err != nil {
			return requests, ops // the error shows again when this request is the first
		}
		at += size
		r := request{end: at}
		r.err = r.parse(body)
		switch {
		case len(requests) > 0 && (r.err != nil || r.Kind != requests[0].Kind):
			return requests, ops
		case r.err == nil && r.Kind == Get:
			most = store.MaxGets
		case r.err == nil && r.Kind == PutOrUpdate:
			most = min(store.MaxPuts, maxPuts)
		}
		requests = append(requests, r)
		ops = append(ops, store.Op{Key: r.Key, Value: r.Value})
		if len(requests) >= most {
			return requests, ops
		}
	}
}

// appendPut appends the replies to puts.
func (h *Handler) appendPut(dst []byte, ops []store.Op) []byte {
	for _, op := range ops {
		out, mark := frame.Begin(dst)
		if op.Err != nil {
			out = h.appendStoreError(out, PutOrUpdate, op.Err)
		} else {
			out = append(out, tagKind, PutOrUpdate)
		}
		dst = frame.End(out, mark)
	}
	return dst
}

// appendGot appends the replies to gets until the limit is reached, and returns how many
// these are. It makes room for all of them at once.
func (h *Handler) appendGot(dst []byte, ops []store.Op, limit int) (out []byte, answered int) {
	size := 0
	for _, op := range ops {
		reply := len(op.Key) + len(op.Value) + around
		size += reply
		if answered++; len(dst)+size+reply > limit {
			break
		}
	}
	dst = slices.Grow(dst, size)
	for _, op := range ops[:answered] {
		out, mark := frame.Begin(dst)
		switch {
		case op.Err != nil:
			out = h.appendStoreError(out, Get, op.Err)
		case op.Found:
			out = AppendMessage(out, Message{Key: op.Key, Value: op.Value, Kind: GetResponse})
		default:
			out = AppendMessage(out, Message{Key: op.Key, Kind: GetResponse, Status: kvpb.Status_NotOk})
		}
		dst = frame.End(out, mark)
	}
	return dst, answered
}
