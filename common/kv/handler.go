// Package kv is the key/value protocol's meaning: it reads a request, asks the
// store, and writes the reply.
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
	"strings"

	"github.com/ioflavors/ioflavors/common/frame"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
	"github.com/ioflavors/ioflavors/common/store"
)

// What a client is told when the store returns an error.
const (
	StoreFull  = "the store is full" // store.ErrFull
	StoreError = "the store failed"  // any other
)

// Handler answers requests from a store. It keeps no state of its own, so one
// serves all connections, as concurrently as its store allows.
type Handler struct {
	// StoreFailed, if it is set, is called with each error of the store. Clients
	// get one of few replies instead (StoreFull, StoreError), because an error may
	// tell what they are not to know: addresses, paths, passwords.
	StoreFailed func(error)

	store store.Store
	ahead store.Expecter // the store, if it looks ahead
}

// NewHandler returns a handler for s.
func NewHandler(s store.Store) *Handler {
	ahead, _ := s.(store.Expecter)
	return &Handler{store: s, ahead: ahead}
}

// Foresees reports whether the store looks ahead: only then Expect and Fetch may be
// called.
func (h *Handler) Foresees() bool { return h.ahead != nil }

// Expect returns the hash of a request's key. It reads only what nearly all
// requests begin with: a key of less than 128 bytes.
func (h *Handler) Expect(request []byte) (hash uint64, ok bool) {
	if len(request) < 2 || request[0] != tagKey {
		return 0, false
	}
	end := 2 + int(request[1])
	if end >= 2+0x80 || end > len(request) {
		return 0, false
	}
	return h.ahead.Hash(request[2:end]), true
}

// Fetch has the store look up the first n keys.
func (h *Handler) Fetch(hashes [store.Lookahead]uint64, n int) { h.ahead.Fetch(hashes, n) }

// AppendReplies answers the requests that data begins with, up to store.Lookahead of
// them: it appends a frame to dst for each, and returns how many bytes of data and how
// many requests that were. It stops early if another reply as long as the last one
// would make dst longer than limit, but never before the first. maxFrame is
// frame.Next's limit, and err its error about the first. Nothing is kept of data. In
// steady state nothing is allocated.
func (h *Handler) AppendReplies(dst, data []byte, maxFrame, limit int) (out []byte, taken, answered int, err error) {
	body, size, err := frame.Next(data, maxFrame)
	if size == 0 || err != nil {
		return dst, 0, 0, err
	}
	if size < len(data) && h.ahead != nil {
		out, taken, answered = h.appendSeveral(dst, data, maxFrame, limit)
		return out, taken, answered, nil
	}
	dst, mark := frame.Begin(dst)
	return frame.End(h.AppendReply(dst, body), mark), size, 1, nil
}

// request is what appendSeveral has read.
type request struct {
	Message
	end int   // of the frame, in data
	err error // it is no message
}

// appendSeveral reads several requests before it answers the first, so that the
// store can look for all of them at the same time.
func (h *Handler) appendSeveral(dst, data []byte, maxFrame, limit int) (out []byte, taken, answered int) {
	var requests [store.Lookahead]request
	var hashes [store.Lookahead]uint64
	n := 0
	for at := 0; n < len(requests); n++ {
		body, size, err := frame.Next(data[at:], maxFrame)
		if size == 0 || err != nil {
			break // an error will be found again, once it is the first
		}
		at += size
		r := &requests[n]
		r.end = at
		r.err = r.parse(body)
		hashes[n] = h.ahead.Hash(r.Key)
	}
	if n > 1 {
		h.ahead.Fetch(hashes, n)
	}
	for answered < n {
		r := &requests[answered]
		answered++
		start := len(dst)
		dst, _ = frame.Begin(dst)
		if r.err != nil {
			dst = h.AppendRefusal(dst, r.err.Error())
		} else {
			dst = h.answer(dst, &r.Message)
		}
		if dst = frame.End(dst, start); len(dst)+(len(dst)-start) > limit {
			break
		}
	}
	return dst, requests[answered-1].end, answered
}

// AppendReply appends the reply to one request, both of them the body of a frame.
func (h *Handler) AppendReply(dst, request []byte) []byte {
	var m Message
	if err := m.parse(request); err != nil {
		return h.AppendRefusal(dst, err.Error())
	}
	return h.answer(dst, &m)
}

func (h *Handler) answer(dst []byte, m *Message) []byte {
	switch m.Kind {
	case Get:
		return h.appendGetResponse(dst, m.Key)
	case PutOrUpdate:
		if err := h.store.Put(m.Key, m.Value); err != nil {
			return h.appendStoreError(dst, PutOrUpdate, err)
		}
		return appendNumber(dst, tagKind, PutOrUpdate)
	default:
		return appendNotOk(dst, m.Kind, fmt.Sprintf("unknown kind %d: Get is %d, PutOrUpdate is %d", m.Kind, Get, PutOrUpdate))
	}
}

// AppendRefusal appends the reply to something whose kind is not known: what
// is no message, no frame, or a connection that cannot be served.
func (h *Handler) AppendRefusal(dst []byte, reason string) []byte {
	return appendNotOk(dst, 0, reason)
}

func (h *Handler) appendGetResponse(dst, key []byte) []byte {
	start := len(dst)
	dst = appendBytes(dst, tagKey, key)

	// The value goes where it will be sent from. Its length goes in front and
	// is known only afterwards: there is room for one byte, which a value
	// under 128 bytes needs; a longer one moves up.
	field := len(dst)
	out, found, err := h.store.Append(append(dst, tagValue, 0), key)
	if err != nil {
		return h.appendStoreError(dst[:start], Get, err) // out may be anything
	}
	dst = out
	if !found {
		dst = appendNumber(dst[:field], tagKind, GetResponse)
		return appendNumber(dst, tagStatus, uint64(kvpb.Status_NotOk))
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
	return appendNumber(dst, tagKind, GetResponse)
}

// appendStoreError tells a client no more of the store's error than it needs, and the
// server's owner all.
func (h *Handler) appendStoreError(dst []byte, kind uint32, err error) []byte {
	if h.StoreFailed != nil {
		h.StoreFailed(err)
	}
	if errors.Is(err, store.ErrFull) {
		return appendNotOk(dst, kind, StoreFull)
	}
	return appendNotOk(dst, kind, StoreError)
}

// appendNotOk appends a reply with a reason, which is made UTF-8, because protobuf
// libraries read no other.
func appendNotOk(dst []byte, kind uint32, reason string) []byte {
	dst = appendBytes(dst, tagValue, strings.ToValidUTF8(reason, "\ufffd"))
	dst = appendNumber(dst, tagKind, uint64(kind))
	return appendNumber(dst, tagStatus, uint64(kvpb.Status_NotOk))
}
