// Package kv implements the key/value protocol: it parses a request, asks the store,
// and encodes the reply. It does no I/O. Package frame finds and makes the frames.
// Protocol is what a server runs, Handler answers requests, and Parse reads a message
// without trusting it.
//
//	request           reply
//	PutOrUpdate k v   PutOrUpdate, Ok, no key, no value
//	Get k, present    GetResponse, Ok, key, value
//	Get k, absent     GetResponse, NotOk, key, no value
//	anything else     the request's kind, NotOk, no key, the reason as value
package kv

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ioflavors/ioflavors/common/frame"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/store"
)

// The reasons that a client gets when the store returns an error.
const (
	StoreFull        = "the store is full"                // store.ErrFull
	StoreUnavailable = "the store is not available"       // store.ErrUnavailable
	StoreTimeout     = "the store did not answer in time" // store.ErrTimeout
	StoreError       = "the store failed"                 // any other error
)

// Handler answers requests from a store. It keeps no state of its own, so one Handler
// serves all connections, as concurrently as its store allows.
type Handler struct {
	// StoreFailed, if set, is called with each error of the store. Clients get one of
	// the reasons above instead, because an error's text may contain secrets:
	// addresses, paths, passwords.
	StoreFailed func(error)

	store      store.Store
	prefetcher store.Prefetcher // the store, if it can prefetch
	batcher    store.Batcher    // the store, if it is one
	fit        fitter           // the store, if it is a store.Fitter; otherwise an adapter of it
}

type fitter interface {
	AppendFit(dst, key []byte) (out []byte, found bool, need int, err error)
}

// growing adapts a store that is no store.Fitter: a value may make dst grow, as append
// does.
type growing struct{ store.Store }

func (g growing) AppendFit(dst, key []byte) (out []byte, found bool, need int, err error) {
	out, found, err = g.Append(dst, key)
	return slices.Grow(out, tail), found, 0, err
}

// NewHandler returns a handler for s.
func NewHandler(s store.Store) *Handler {
	h := &Handler{store: s, fit: growing{s}}
	h.prefetcher, _ = s.(store.Prefetcher)
	if batcher, ok := s.(store.Batcher); ok && batcher.Itself() == s {
		h.batcher = batcher
	}
	if fit, ok := s.(store.Fitter); ok && fit.Itself() == s {
		h.fit = fit
	}
	return h
}

// Open implements session.Protocol.
func (h *Handler) Open() session.Handler { return h }

// Hash implements session.Prefetcher. It only recognizes requests that begin with a key
// of less than 128 bytes, as nearly all do.
func (h *Handler) Hash(in []byte, max int) (hash uint64, ok bool) {
	if size, err := frame.Size(in, max); err != nil || size == 0 || size != len(in) || h.prefetcher == nil {
		return 0, false
	}
	request := frame.Body(in)
	if len(request) < 2 || request[0] != tagKey {
		return 0, false
	}
	end := 2 + int(request[1])
	if end >= 2+0x80 || end > len(request) {
		return 0, false
	}
	return h.prefetcher.Hash(request[2:end]), true
}

// Prefetch implements session.Prefetcher.
func (h *Handler) Prefetch(hashes [session.PrefetchBatch]uint64, n int) {
	h.prefetcher.Prefetch(hashes, n)
}

// Serve implements session.Handler. It answers at most store.PrefetchBatch requests, or
// store.MaxPuts if the store is a store.Batcher. max bounds a frame's body and footer; errors are those of frame.Next.
//
// Only the text of an error, and a value from a store that is no store.Fitter, make out
// grow as append does. In steady state Serve does not allocate.
func (h *Handler) Serve(out, in []byte, max, limit int) (_ []byte, taken, answered, room int, err error) {
	body, size, err := frame.Next(in, max)
	if size == 0 || err != nil {
		return out, 0, 0, 0, tooLong(err)
	}
	if size < len(in) && limit > len(out) {
		switch {
		case h.prefetcher != nil:
			out, taken, answered, room = h.appendSeveral(out, in, max, limit)
			return out, taken, answered, room, nil
		case h.batcher != nil:
			out, taken, answered, room = h.appendBatch(out, in, max, limit)
			return out, taken, answered, room, nil
		}
	}
	var r request
	r.err = r.parse(body)
	if out, room = h.appendFrame(out, &r); room > 0 {
		return out, 0, 0, room, nil
	}
	return out, size, 1, 0, nil
}

// Need implements session.Handler.
func (h *Handler) Need(in []byte, max int) (int, error) {
	size, err := frame.Size(in, max)
	if size == 0 {
		size = frame.Header
	}
	return size, tooLong(err)
}

// Refuse implements session.Handler.
func (h *Handler) Refuse(out []byte, why error) []byte {
	out, mark := frame.Begin(out)
	return frame.End(h.AppendRefusal(out, why.Error()), mark)
}

// tooLong makes an error about a frame's length a session.ErrTooLong, too.
func tooLong(err error) error {
	if err != nil && errors.Is(err, frame.ErrTooLong) {
		return tooLongError{err}
	}
	return err
}

type tooLongError struct{ error }

func (e tooLongError) Unwrap() []error { return []error{e.error, session.ErrTooLong} }

// around is the most that a reply needs besides its key and its value, in bytes: the
// frame, and the message's tags, lengths and numbers. Up to tail bytes of it may lie
// behind the value.
const (
	around = frame.Overhead + 64
	tail   = 24
)

// request is one parsed request.
type request struct {
	Message
	err error // why the body is not a message; Message is invalid then
	end int   // where the frame ends in data
}

// appendFrame appends the frame of the reply to r. If the frame does not fit, it
// appends nothing, and returns how many bytes the frame needs.
func (h *Handler) appendFrame(dst []byte, r *request) (out []byte, need int) {
	need = around
	if r.err == nil && r.Kind == Get {
		need += len(r.Key)
	}
	if cap(dst)-len(dst) < need {
		return dst, need
	}
	out, mark := frame.Begin(dst)
	switch {
	case r.err != nil:
		out = h.AppendRefusal(out, r.err.Error())
	case r.Kind == Get:
		if out, need = h.appendGetResponse(out, r.Key); need > 0 {
			return dst, need
		}
	case r.Kind == PutOrUpdate:
		if err := h.store.Put(r.Key, r.Value); err != nil {
			out = h.appendStoreError(out, PutOrUpdate, err)
		} else {
			out = append(out, tagKind, PutOrUpdate)
		}
	default:
		out = appendNotOk(out, r.Kind, fmt.Sprintf("unknown kind %d: Get is %d, PutOrUpdate is %d", r.Kind, Get, PutOrUpdate))
	}
	return frame.End(out, mark), 0
}

// appendSeveral parses several requests before it answers the first, so that the store
// can look up all their keys at the same time.
func (h *Handler) appendSeveral(dst, data []byte, maxFrame, limit int) (out []byte, taken, answered, need int) {
	var requests [store.PrefetchBatch]request
	var hashes [store.PrefetchBatch]uint64
	n := 0
	for at := 0; n < len(requests); n++ {
		body, size, err := frame.Next(data[at:], maxFrame)
		if size == 0 || err != nil {
			break // the error shows again when this request is the first
		}
		at += size
		r := &requests[n]
		r.end = at
		if !r.parseUsual(body) {
			r.err = r.parseAny(body)
		}
		hashes[n] = h.prefetcher.Hash(r.Key)
	}
	if n > 1 {
		h.prefetcher.Prefetch(hashes, n)
	}
	for answered < n {
		r := &requests[answered]
		start := len(dst)
		if dst, need = h.appendFrame(dst, r); need > 0 {
			break
		}
		answered++
		taken = r.end
		if len(dst)+(len(dst)-start) > limit {
			break
		}
	}
	if answered > 0 {
		need = 0 // the next call asks for the reply that did not fit
	}
	return dst, taken, answered, need
}

// AppendReply appends the reply to one request. Request and reply are bodies of frames.
func (h *Handler) AppendReply(dst, body []byte) []byte {
	var r request
	r.err = r.parse(body)
	for {
		out, need := h.appendFrame(dst, &r)
		if need == 0 {
			return append(dst, frame.Body(out[len(dst):])...)
		}
		dst = slices.Grow(dst, need)
	}
}

// AppendRefusal appends the reply to input whose kind is unknown: input that is not a
// message or a frame, or a connection that the server cannot serve.
func (h *Handler) AppendRefusal(dst []byte, reason string) []byte {
	return appendNotOk(dst, 0, reason)
}

// appendGetResponse appends the reply to a Get. The caller has made room for all but
// the value. If the value does not fit, need is the length of the whole reply in bytes,
// its frame included.
func (h *Handler) appendGetResponse(dst, key []byte) (out []byte, need int) {
	start := len(dst)
	dst = appendBytes(dst, tagKey, key)

	// The value is appended where it will be sent from, which saves a copy. Its length
	// precedes it, and is known only afterwards. One byte is reserved for the length,
	// enough for a value under 128 bytes; a longer value moves up.
	field := len(dst)
	dst = append(dst, tagValue, 0)
	out, found, need, err := h.fit.AppendFit(dst, key)
	switch {
	case err != nil: // out may be anything
		return h.appendStoreError(dst[:start], Get, err), 0
	case need > 0:
		return dst[:start], len(key) + need + around
	case cap(out)-len(out) < tail: // the value fits, but the tail does not
		return dst[:start], len(out) - start + around
	}
	if dst = out; !found {
		dst = appendNumber(dst[:field], tagKind, GetResponse)
		return appendNumber(dst, tagStatus, uint64(kvpb.Status_NotOk)), 0
	}
	const room = 2
	switch size := len(dst) - field - room; {
	case size == 0:
		dst = dst[:field]
	case size < 0x80:
		dst[field+1] = byte(size)
	default:
		var length [binary.MaxVarintLen64]byte
		n := binary.PutUvarint(length[:], uint64(size))
		dst = append(dst, length[1:n]...)
		copy(dst[field+1+n:], dst[field+room:field+room+size])
		copy(dst[field+1:], length[:n])
	}
	return appendNumber(dst, tagKind, GetResponse), 0
}

// appendStoreError tells the client only which kind of error it is, and gives the error
// itself to StoreFailed.
func (h *Handler) appendStoreError(dst []byte, kind uint32, err error) []byte {
	if h.StoreFailed != nil {
		h.StoreFailed(err)
	}
	reason := StoreError
	switch {
	case errors.Is(err, store.ErrFull):
		reason = StoreFull
	case errors.Is(err, store.ErrUnavailable):
		reason = StoreUnavailable
	case errors.Is(err, store.ErrTimeout):
		reason = StoreTimeout
	}
	return appendNotOk(dst, kind, reason)
}

// appendNotOk appends a reply with a reason. It makes the reason valid UTF-8, because
// protobuf libraries accept nothing else.
func appendNotOk(dst []byte, kind uint32, reason string) []byte {
	dst = appendBytes(dst, tagValue, strings.ToValidUTF8(reason, "\ufffd"))
	dst = appendNumber(dst, tagKind, uint64(kind))
	return appendNumber(dst, tagStatus, uint64(kvpb.Status_NotOk))
}
