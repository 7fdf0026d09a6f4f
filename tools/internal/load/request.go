package load

import (
	"bytes"
	"fmt"
	"time"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// request is one that was made and not answered yet.
type request struct {
	due  time.Duration // when it should have been sent, by the generator's clock
	sent time.Duration // when it was
	key  int           // number in the dataset
	put  bool
}

// appendRequest appends the request's frame.
func (d *dataset) appendRequest(dst []byte, r request) []byte {
	t := &d.get
	if r.put {
		t = &d.put
	}
	return t.append(dst, d.key(r.key), d.value(r.key))
}

// right returns what the request has to be answered with.
func (d *dataset) right(r request) kv.Message {
	if r.put {
		return kv.Message{Kind: kv.PutOrUpdate, Status: kvpb.Status_Ok}
	}
	return kv.Message{Kind: kv.GetResponse, Status: kvpb.Status_Ok, Key: d.key(r.key), Value: d.value(r.key)}
}

// next finds the reply to the request at the beginning of data. It returns how
// many bytes that takes (0: it is not whole yet), and what is wrong with it; or
// an error after which the stream is of no more use.
func (d *dataset) next(data []byte, r request) (n int, wrong, err error) {
	t := &d.found
	if r.put {
		t = &d.stored
	}
	if n = t.match(data, d.key(r.key), d.value(r.key)); n > 0 {
		return n, nil, nil
	}
	// It is unfinished, or wrong, or encoded in one of the other ways.
	body, n, err := frame.Next(data, d.maxReply())
	if err != nil || n == 0 {
		return 0, nil, err
	}
	return n, d.check(r, body), nil
}

// check returns how the body of a reply differs from what it has to be; nil if
// it does not.
func (d *dataset) check(r request, body []byte) error {
	got, err := kv.Parse(body)
	if err != nil {
		return fmt.Errorf("%s: reply is %w", d.describe(r), err)
	}
	want := d.right(r)
	if got.Kind == want.Kind && got.Status == want.Status && bytes.Equal(got.Key, want.Key) && bytes.Equal(got.Value, want.Value) {
		return nil
	}
	return fmt.Errorf("%s: reply is {%s}, want {%s}", d.describe(r), describe(got), describe(want))
}

// maxReply returns the length of the longest frame that can be a right answer,
// or else an error with a reason of reasonable length: body and footer.
func (d *dataset) maxReply() int { return keySize + d.size + 4<<10 }

func (d *dataset) describe(r request) string {
	if r.put {
		return fmt.Sprintf("put %s", d.key(r.key))
	}
	return fmt.Sprintf("get %s", d.key(r.key))
}

func describe(m kv.Message) string {
	return fmt.Sprintf("kind %d, %v, key %s, value %s", m.Kind, m.Status, clip(m.Key), clip(m.Value))
}

// clip quotes the beginning of what may be long.
func clip(p []byte) string {
	const most = 80
	if len(p) <= most {
		return fmt.Sprintf("%q", p)
	}
	return fmt.Sprintf("%q… (%d bytes)", p[:most], len(p))
}
