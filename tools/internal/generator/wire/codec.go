// Package wire turns requests into bytes and judges replies. The generator knows of a
// protocol no more than a Codec. Messages is the Codec of a dataset in one of the
// key/value protocols: kv.go, resp.go and memcached.go.
package wire

import "github.com/ioflavors/ioflavors/tools/internal/generator/dataset"

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
	// error after which the stream is unusable.
	MatchReply(data []byte, r dataset.Request) (n int, wrong, err error)
	// MaxReply returns the length of the longest reply that MatchReply accepts:
	// bytes that a connection must have room for.
	MaxReply() int
	// Describe names a request in an error: "get key:000000000007".
	Describe(r dataset.Request) string
}
