package wire

import "bytes"

// template is a kind of message: all get requests, for example, or all puts with
// values of one size. Messages of a kind differ only in key and value, so they
// are made and recognised by copying and comparing bytes.
type template struct {
	before, between, behind []byte // before the key, between key and value, behind the value
	keyed, valued           bool
	size                    int
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
