package load

import (
	"bytes"
	"fmt"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
)

// kvLanguage is this project's protocol.
type kvLanguage struct{}

func (kvLanguage) getTemplate(key []byte) template {
	return newTemplate(kv.Message{Kind: kv.Get, Key: key})
}

func (kvLanguage) putTemplate(key, value []byte) template {
	return newTemplate(kv.Message{Kind: kv.PutOrUpdate, Key: key, Value: value})
}

func (kvLanguage) foundTemplate(key, value []byte) template {
	return newTemplate(kv.Message{Kind: kv.GetResponse, Status: kvpb.Status_Ok, Key: key, Value: value})
}

func (kvLanguage) storedTemplate() template {
	return newTemplate(kv.Message{Kind: kv.PutOrUpdate, Status: kvpb.Status_Ok})
}

func (kvLanguage) next(d *dataset, data []byte, r request) (n int, wrong, err error) {
	body, n, err := frame.Next(data, d.maxReply())
	if err != nil || n == 0 {
		return 0, nil, err
	}
	return n, d.check(r, body), nil
}

// right returns the right reply to a request.
func (d *dataset) right(r request) kv.Message {
	if r.put {
		return kv.Message{Kind: kv.PutOrUpdate, Status: kvpb.Status_Ok}
	}
	return kv.Message{Kind: kv.GetResponse, Status: kvpb.Status_Ok, Key: d.key(r.key), Value: d.value(r.key)}
}

// check returns how the body of a reply differs from the right one; nil if it
// does not.
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

func describe(m kv.Message) string {
	return fmt.Sprintf("kind %d, %v, key %s, value %s", m.Kind, m.Status, clip(m.Key), clip(m.Value))
}
