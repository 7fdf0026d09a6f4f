package wire

import (
	"bytes"
	"fmt"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	kvpb "github.com/ioflavors/ioflavors/common/proto/ioflavors/kv/v1"
	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
)

// kvProtocol is this project's protocol.
type kvProtocol struct{}

func (kvProtocol) getTemplate(key []byte) template {
	return frameTemplate(kv.Message{Kind: kv.Get, Key: key})
}

func (kvProtocol) putTemplate(key, value []byte) template {
	return frameTemplate(kv.Message{Kind: kv.PutOrUpdate, Key: key, Value: value})
}

func (kvProtocol) foundTemplate(key, value []byte) template {
	return frameTemplate(kv.Message{Kind: kv.GetResponse, Status: kvpb.Status_Ok, Key: key, Value: value})
}

func (kvProtocol) storedTemplate() template {
	return frameTemplate(kv.Message{Kind: kv.PutOrUpdate, Status: kvpb.Status_Ok})
}

// frameTemplate returns the template of frames like m's. If m has a key or a
// value, it must be the first of the dataset.
func frameTemplate(m kv.Message) template {
	f := kv.AppendFrame(nil, m)
	t := template{before: f, keyed: len(m.Key) > 0, valued: len(m.Value) > 0, size: len(f)}
	if t.keyed {
		t.before, t.between, _ = bytes.Cut(f, m.Key)
	}
	if t.valued {
		// The value is followed by its kind, a field of two bytes.
		end := len(t.between) - 2 - len(frame.Footer)
		t.behind = t.between[end:]
		t.between = t.between[:end-len(m.Value)]
	}
	// Only the bytes around the value are kept, not the whole frame.
	t.before, t.between, t.behind = bytes.Clone(t.before), bytes.Clone(t.between), bytes.Clone(t.behind)
	return t
}

func (kvProtocol) parse(m *Messages, data []byte, r dataset.Request) (n int, wrong, err error) {
	body, n, err := frame.Next(data, m.maxBody())
	if err != nil || n == 0 {
		return 0, nil, err
	}
	return n, m.check(r, body), nil
}

// right returns the right reply to a request.
func (m *Messages) right(r dataset.Request) kv.Message {
	if r.Put {
		return kv.Message{Kind: kv.PutOrUpdate, Status: kvpb.Status_Ok}
	}
	return kv.Message{Kind: kv.GetResponse, Status: kvpb.Status_Ok, Key: m.data.Key(r.Key), Value: m.data.Value(r.Key)}
}

// check returns how the body of a reply differs from the right one; nil if it
// does not.
func (m *Messages) check(r dataset.Request, body []byte) error {
	got, err := kv.Parse(body)
	if err != nil {
		return fmt.Errorf("%s: reply is %w", m.Describe(r), err)
	}
	want := m.right(r)
	if got.Kind == want.Kind && got.Status == want.Status && bytes.Equal(got.Key, want.Key) && bytes.Equal(got.Value, want.Value) {
		return nil
	}
	return fmt.Errorf("%s: reply is {%s}, want {%s}", m.Describe(r), describe(got), describe(want))
}

func describe(m kv.Message) string {
	return fmt.Sprintf("kind %d, %v, key %s, value %s", m.Kind, m.Status, clip(m.Key), clip(m.Value))
}
