package load

import (
	"fmt"
	"time"
)

// request is a request that was made and is not answered yet.
type request struct {
	due  time.Duration // when it should have been sent, by the generator's clock
	sent time.Duration // when it was sent
	key  int           // the key's number in the dataset
	put  bool
}

// appendRequest appends the encoded request.
func (d *dataset) appendRequest(dst []byte, r request) []byte {
	if !r.put {
		return d.get.append(dst, d.key(r.key), nil)
	}
	return d.templates(r.key).put.append(dst, d.key(r.key), d.value(r.key))
}

// next finds the reply to the request at the beginning of data. It returns the
// length of the reply (0: it is incomplete) and what is wrong with it, or an
// error after which the stream is unusable.
func (d *dataset) next(data []byte, r request) (n int, wrong, err error) {
	t := &d.stored
	if !r.put {
		t = &d.templates(r.key).found
	}
	if n = t.match(data, d.key(r.key), d.value(r.key)); n > 0 {
		return n, nil, nil
	}
	// The reply is incomplete, or wrong, or encoded in another valid way.
	return d.language.next(d, data, r)
}

// maxReply returns the largest reply, body and footer, that the generator
// accepts: a right one, or an error with a reason of reasonable length.
func (d *dataset) maxReply() int { return keySize + d.max + 4<<10 }

func (d *dataset) describe(r request) string {
	if r.put {
		return fmt.Sprintf("put %s", d.key(r.key))
	}
	return fmt.Sprintf("get %s", d.key(r.key))
}

// clip quotes the beginning of a text that may be long.
func clip(p []byte) string {
	const most = 80
	if len(p) <= most {
		return fmt.Sprintf("%q", p)
	}
	return fmt.Sprintf("%q… (%d bytes)", p[:most], len(p))
}
