package wire

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// script is the Codec of a file of exchanges. It knows no more of the protocol: neither
// where a reply ends that is not the one of the file, nor where a request ends.
type script struct{ *load.Exchanges }

// ErrWrongReply is wrapped by the error of MatchReply about a reply that is wrong, and
// whose end is not known.
var ErrWrongReply = errors.New("wrong reply")

// wrongReply is an ErrWrongReply.
type wrongReply struct{ text string }

func (e *wrongReply) Error() string        { return e.text }
func (e *wrongReply) Is(target error) bool { return target == ErrWrongReply }

// AppendRequest implements Codec.
func (s script) AppendRequest(dst []byte, r dataset.Request) []byte {
	return append(dst, s.All[r.Key].Request...)
}

// MatchReply implements Codec.
func (s script) MatchReply(data []byte, r dataset.Request) (n int, wrong, err error) {
	want := s.All[r.Key].Reply
	if bytes.HasPrefix(data, want) {
		return len(want), nil, nil
	}
	if len(data) < len(want) && bytes.HasPrefix(want, data) {
		return 0, nil, nil // incomplete
	}
	// The text begins near the first byte that differs.
	at := 0
	for at < len(data) && at < len(want) && data[at] == want[at] {
		at++
	}
	const before = 20
	from, where := max(0, at-before), ""
	if from > 0 {
		where = fmt.Sprintf(", from byte %d on,", from+1)
	}
	return 0, nil, &wrongReply{fmt.Sprintf("the reply%s is %s, want %s", where, clip(data[from:]), clip(want[from:]))}
}

// MaxReply implements Codec.
func (s script) MaxReply() int { return s.Largest }

// Setup implements Codec.
func (s script) Setup() int { return s.Exchanges.Setup }

// Describe implements Codec: it names the file and the line of the request.
func (s script) Describe(r dataset.Request) string {
	e := s.All[r.Key]
	if e.Line == 0 {
		return fmt.Sprintf("exchange %d of %s", r.Key+1, s.File)
	}
	return fmt.Sprintf("%s:%d", s.File, e.Line)
}

// Answer implements Codec.
func (s script) Answer(dst, data []byte, at *int) (out []byte, n int, err error) {
	e := s.All[*at]
	if bytes.HasPrefix(data, e.Request) {
		if *at++; *at == len(s.All) {
			*at = s.Exchanges.Setup
		}
		return append(dst, e.Reply...), len(e.Request), nil
	}
	if len(data) < len(e.Request) && bytes.HasPrefix(e.Request, data) {
		return dst, 0, nil
	}
	return dst, 0, fmt.Errorf("load: %s: the request is %s, want %s", s.Describe(dataset.Request{Key: *at}), clip(data), clip(e.Request))
}
