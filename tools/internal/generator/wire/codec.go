// Package wire turns requests into bytes and judges replies. The generator knows of a
// protocol no more than a Codec. Messages is the Codec of a dataset in one of the
// key/value protocols: kv.go, resp.go and memcached.go. A script, in exchanges.go, is
// the Codec of a file of exchanges, in any protocol.
package wire

import (
	"context"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// New returns the Codec of a workload, which Validate accepts. Many keys or sizes take
// seconds; New returns an error only if ctx is done.
func New(ctx context.Context, w load.Workload) (Codec, error) {
	if w.Exchanges != nil {
		return script{w.Exchanges}, nil
	}
	return newMessages(ctx, w)
}

// Codec knows the bytes of each request and of its right reply. Replies come in the
// order of the requests. One Codec is for all connections, so it keeps no state
// between calls.
//
// The generator calls AppendRequest and MatchReply once for each request, so they must
// not allocate if the reply is right. Otherwise a request costs no call through an
// interface.
type Codec interface {
	// AppendRequest appends the encoded request.
	AppendRequest(dst []byte, r dataset.Request) []byte
	// MatchReply finds the reply to r at the beginning of data. It returns the
	// length of the reply (0: it is incomplete) and what is wrong with it, or an
	// error after which the stream is unusable: ErrWrongReply if the reply is wrong
	// and nothing tells where it ends.
	MatchReply(data []byte, r dataset.Request) (n int, wrong, err error)
	// MaxReply returns the length of the longest reply that MatchReply accepts:
	// bytes that a connection must have room for.
	MaxReply() int
	// Setup returns the number of requests that set up a connection. They are the
	// first ones of each connection, one at a time.
	Setup() int
	// Describe names a request in an error: "get key:000000000007".
	Describe(r dataset.Request) string
	// Answer is for a server that does next to nothing: it appends the right reply to
	// the request at the beginning of data, and returns the length of the request: 0
	// if it is incomplete. at is the connection's place among the requests, 0 at its
	// beginning, which Answer moves on if it needs it.
	Answer(dst, data []byte, at *int) (out []byte, n int, err error)
}
