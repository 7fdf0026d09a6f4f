package session

import (
	"errors"
	"log/slog"
)

// Protocol is a request/reply protocol. It makes the Handler of each new connection.
//
// A protocol whose connections have no state returns the same Handler each time. A
// server that answers on several threads calls Open, and the handlers of different
// connections, concurrently.
type Protocol interface {
	Open() Handler
}

// Handler is a protocol without I/O, for one connection: it cuts requests from the
// bytes that the session received, and appends replies to those that the session will
// send. One goroutine at a time calls it. It keeps no reference to in or out.
//
// The session contains a handler that goes wrong. A panic, or a result that breaks this
// contract, ends the connection at once, and no other one.
type Handler interface {
	// Serve answers requests at the start of in, which is not empty, and appends the
	// replies to out. It returns the extended slice, how many bytes of in the requests
	// take, and how many requests it has answered. It may answer one request or all
	// that are whole; a batch costs fewer calls.
	//
	// If the first request is incomplete, Serve changes nothing, and taken is 0.
	//
	// It stops when another reply as long as the last one would make out longer than
	// limit, but not before the first reply. If limit is at most len(out), it answers
	// one request.
	//
	// It should not make out grow beyond its capacity, because the session has to copy
	// what append allocates, and counts it for the memory limit only then. It stops
	// before a reply that does not fit. If that is the first reply, Serve changes nothing
	// and returns in room how many bytes it needs; the session calls it again. A handler
	// may always let append grow out, and return 0.
	//
	// max is the longest request that the server permits, in bytes. A protocol decides
	// which of its bytes count; the session itself bounds a request at max plus
	// Allowance.
	//
	// An error ends the session when the replies so far are sent. For Done nothing is
	// added to them. For any other error the session has Refuse append the last reply.
	Serve(out, in []byte, max, limit int) (_ []byte, taken, answered, room int, err error)
	// Need returns the length in bytes of the incomplete request that in is, as far as
	// it is known: the session waits for that many bytes before it calls Serve again.
	// It may be a lower bound. 0, or at most len(in), means that Need cannot tell; the
	// session then calls Serve whenever bytes arrive. An error ends the session as
	// Serve's does, so a client that announces too long a request is told at once.
	Need(in []byte, max int) (int, error)
	// Refuse appends a whole last reply, which tells the client why the session ends:
	// an error of Serve or Need, or a reason of the server's such as ErrRefused.
	Refuse(out []byte, why error) []byte
}

// Prefetcher is a Protocol that can prepare the answers of several clients' requests at
// the same time: see store.Prefetcher. Prefetching may change timing, never results.
type Prefetcher interface {
	// Hash returns the hash of the key that a request asks for. ok is false if in is
	// not exactly one request, or has no key. max is Serve's.
	Hash(in []byte, max int) (hash uint64, ok bool)
	// Prefetch looks up the keys with the first n hashes. Requests for these keys will
	// soon be served, in this order.
	Prefetch(hashes [PrefetchBatch]uint64, n int)
}

// PrefetchBatch is the largest number of requests that are prefetched at a time.
const PrefetchBatch = 16

// Starter is a Protocol that must know the server that runs it.
type Starter interface {
	// Start is called once for each server, before any other method. Its error is the
	// server's Validate error.
	Start(Env) error
}

// Env is what a server tells its protocol.
type Env struct {
	// Threads: several threads serve connections at once.
	Threads bool
	// Logger is the server's log. It never blocks.
	Logger *slog.Logger
}

// Default makes the protocol of a server whose configuration names none. Package kv
// sets it to the key/value protocol over memory; a program that does not import kv has
// no default.
var Default func() Protocol

// Allowance is how many bytes a request may be longer than the server's limit. It lets
// a protocol leave its header out of account.
const Allowance = 16

// ErrTooLong is wrapped by errors about requests that are longer than the limit.
var ErrTooLong = errors.New("request too long")

// Done is returned by a Handler that ends the connection in good order, as after a
// request to quit. Input behind that request is discarded.
//
//lint:ignore ST1012 it is no failure, as io.EOF is none
var Done = errors.New("done")
