package kvclient

import (
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// Reply is the outcome of one request.
type Reply struct {
	Value string // of a get
	Found bool   // of a get: whether there is a value
	Err   error  // a *ServerError if the server did not carry the request out
}

// request has the parts of a request that are needed to check its reply.
type request struct {
	kind uint32
	key  string
}

// receive reads the replies to requests. If it fails, it still returns the replies
// that came before.
func (c *Client) receive(requests []request) ([]Reply, error) {
	replies := make([]Reply, 0, len(requests))
	var refusal *ServerError // the last reply that was a refusal
	for i, request := range requests {
		m, err := c.replies.next()
		if err == nil {
			var reply Reply
			if reply, err = request.check(m); err == nil {
				replies = append(replies, reply)
				if e, ok := errors.AsType[*ServerError](reply.Err); ok {
					refusal = e
				}
				continue
			}
		}
		err = fmt.Errorf("reply %d of %d: %w", i+1, len(requests), err)
		if refusal != nil {
			// A server that closes the connection sends the reason first.
			err = fmt.Errorf("%w; before that, %w", err, refusal)
		}
		return replies, err
	}
	return replies, nil
}

// check returns the reply that m is, or an error if m cannot be a reply to the
// request.
func (r request) check(m kv.Message) (Reply, error) {
	key, value := string(m.Key), string(m.Value)
	switch ok := m.Status == kvpb.Status_Ok; {
	case r.kind == kv.Get && m.Kind == kv.GetResponse && key == r.key && (ok || value == ""):
		return Reply{Value: value, Found: ok}, nil
	case r.kind == kv.PutOrUpdate && m.Kind == kv.PutOrUpdate && ok && key == "" && value == "":
		return Reply{}, nil
	case m.Status == kvpb.Status_NotOk && (m.Kind == r.kind || m.Kind == 0) && key == "":
		return Reply{Err: &ServerError{Kind: m.Kind, Reason: value}}, nil
	}
	return Reply{}, fmt.Errorf("kind %d, status %v, key %.40q, %d bytes of value: not a reply to kind %d, key %.40q",
		m.Kind, m.Status, key, len(value), r.kind, r.key)
}

// replyReader cuts the server's stream into messages.
type replyReader struct {
	r     io.Reader
	limit int
	buf   []byte
	have  []byte // the part of buf that was read and not yet returned
}

// next returns the next message, which is valid until the next call.
func (r *replyReader) next() (kv.Message, error) {
	for {
		body, n, err := frame.Next(r.have, r.limit)
		if err != nil {
			return kv.Message{}, err
		}
		if n > 0 {
			r.have = r.have[n:]
			return kv.Parse(body)
		}
		if err := r.more(); err != nil {
			return kv.Message{}, err
		}
	}
}

// more reads at least a byte. The buffer grows with the bytes received, never with
// the length that a frame announces.
func (r *replyReader) more() error {
	const least = 16 << 10
	buf := r.buf
	if len(buf)-len(r.have) < least/2 {
		buf = make([]byte, max(least, 2*len(buf)))
	}
	copied := copy(buf, r.have)
	r.buf = buf
	n, err := r.r.Read(r.buf[copied:])
	r.have = r.buf[:copied+n]
	switch {
	case n > 0:
		return nil
	case err == io.EOF && copied > 0:
		return io.ErrUnexpectedEOF
	case err == io.EOF:
		return fmt.Errorf("the server closed the connection: %w", err)
	default:
		return err
	}
}

// shrink drops an empty buffer of more than size bytes.
func (r *replyReader) shrink(size int) {
	if len(r.have) == 0 && len(r.buf) > size {
		r.buf, r.have = nil, nil
	}
}

func checkText(name string, text []byte) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("%s is not valid UTF-8: %.40q", name, text)
	}
	return nil
}
