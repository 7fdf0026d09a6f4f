package protocols

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/ioflavors/ioflavors/common/exchanges"
	"github.com/ioflavors/ioflavors/common/servertest/dialogue"
	"github.com/ioflavors/ioflavors/common/session"
)

// Lines is a protocol of lines. Each connection has data of its own.
//
//	put KEY VALUE   stored N     the connection's Nth put
//	get KEY         VALUE
//	echo TEXT       TEXT
//	quit            bye          and the end of the connection
//	anything else   error: REASON, and the end of the connection
var Lines = dialogue.Protocol{
	Name: "lines",
	New:  func() session.Protocol { return lineProtocol{} },
	Open: func() dialogue.Talk { return new(lineTalk) },
	Exchanges: []exchanges.Exchange{
		line("echo a text", "a text"),
		line("get absent", ""),
		line("echo "+strings.Repeat("long ", 100), strings.Repeat("long ", 100)),
	},
	Quit:      line("quit", "bye"),
	NoRequest: line("GET / HTTP/1.1\r", `error: no such request: "GET"`),
	TooLong: func(limit int) exchanges.Exchange {
		return exchanges.Exchange{
			Request: bytes.Repeat([]byte("x"), limit+1),
			Reply:   fmt.Appendf(nil, "error: %v: the limit is %d bytes\n", session.ErrTooLong, limit),
		}
	},
	Refusal: func(reason string) []byte { return []byte("error: " + reason + "\n") },
}

func line(request, reply string) exchanges.Exchange {
	return exchanges.Exchange{Request: []byte(request + "\n"), Reply: []byte(reply + "\n")}
}

type lineTalk struct{ puts int }

func (t *lineTalk) Put(key, value string) exchanges.Exchange {
	t.puts++
	return line("put "+key+" "+value, "stored "+strconv.Itoa(t.puts))
}

func (t *lineTalk) Get(key, value string) exchanges.Exchange { return line("get "+key, value) }

type lineProtocol struct{}

func (lineProtocol) Open() session.Handler { return new(lineHandler) }

// lineHandler has the data of one connection.
type lineHandler struct {
	values map[string]string
	puts   int
}

func (h *lineHandler) Serve(out, in []byte, max, limit int) (_ []byte, taken, answered, room int, err error) {
	for taken < len(in) {
		request, _, whole := bytes.Cut(in[taken:], []byte("\n"))
		if len(request) > max {
			return out, taken, answered, 0, fmt.Errorf("%w: the limit is %d bytes", session.ErrTooLong, max)
		}
		if !whole {
			break
		}
		before := len(out)
		if out, err = h.answer(out, request); err != nil && err != session.Done {
			break
		}
		taken += len(request) + 1
		answered++
		if err != nil || len(out)+(len(out)-before) > limit {
			break
		}
	}
	return out, taken, answered, 0, err
}

func (h *lineHandler) answer(out, request []byte) ([]byte, error) {
	verb, rest, _ := bytes.Cut(request, []byte(" "))
	switch string(verb) {
	case "put":
		key, value, _ := bytes.Cut(rest, []byte(" "))
		if h.values == nil {
			h.values = make(map[string]string)
		}
		h.values[string(key)] = string(value)
		h.puts++
		out = fmt.Appendf(out, "stored %d", h.puts)
	case "get":
		out = append(out, h.values[string(rest)]...)
	case "echo":
		out = append(out, rest...)
	case "quit":
		return append(out, "bye\n"...), session.Done
	default:
		return out, fmt.Errorf("no such request: %q", verb)
	}
	return append(out, '\n'), nil
}

// Need cannot tell how long a line is.
func (h *lineHandler) Need([]byte, int) (int, error) { return 0, nil }

func (h *lineHandler) Refuse(out []byte, why error) []byte {
	return fmt.Appendf(out, "error: %v\n", why)
}
