package load

import (
	"bytes"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
)

// template is a kind of message: all get requests, for example, or all puts with
// values of one size. Messages of a kind differ only in key and value, so they
// are made and recognised by copying and comparing bytes.
type template struct {
	before, between, behind []byte // before the key, between key and value, behind the value
	keyed, valued           bool
	size                    int
}

// newTemplate returns the template of frames like m's. If m has a key or a
// value, it must be the first of the dataset.
func newTemplate(m kv.Message) template {
	f, mark := frame.Begin(nil)
	f = frame.End(kv.AppendMessage(f, m), mark)
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

// sized returns t with its size, computed from a value of the right size.
func (t template) sized(key, value []byte) template {
	t.size = len(t.append(nil, key, value))
	return t
}

func (t *template) append(dst []byte, key, value []byte) []byte {
	dst = append(dst, t.before...)
	if t.keyed {
		dst = append(dst, key...)
		dst = append(dst, t.between...)
	}
	if t.valued {
		dst = append(dst, value...)
		dst = append(dst, t.behind...)
	}
	return dst
}

// match returns the length of the frame if data begins with it, and 0
// otherwise.
func (t *template) match(data, key, value []byte) int {
	if len(data) < t.size {
		return 0
	}
	rest, ok := bytes.CutPrefix(data, t.before)
	if t.keyed && ok {
		if rest, ok = bytes.CutPrefix(rest, key); ok {
			rest, ok = bytes.CutPrefix(rest, t.between)
		}
	}
	if t.valued && ok {
		if rest, ok = bytes.CutPrefix(rest, value); ok {
			_, ok = bytes.CutPrefix(rest, t.behind)
		}
	}
	if !ok {
		return 0
	}
	return t.size
}
