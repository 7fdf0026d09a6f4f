package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
)

// resp is the protocol of Redis, limited to GET and SET
// (https://redis.io/docs/latest/develop/reference/protocol-spec).
type resp struct{}

func (resp) getTemplate(key []byte) template {
	return template{
		before: fmt.Appendf(nil, "*2\r\n$3\r\nGET\r\n$%d\r\n", len(key)), between: []byte(crlf), keyed: true,
	}.sized(key, nil)
}

func (resp) putTemplate(key, value []byte) template {
	return template{
		before:  fmt.Appendf(nil, "*3\r\n$3\r\nSET\r\n$%d\r\n", len(key)),
		between: fmt.Appendf(nil, "\r\n$%d\r\n", len(value)), behind: []byte(crlf), keyed: true, valued: true,
	}.sized(key, value)
}

func (resp) foundTemplate(key, value []byte) template {
	return template{before: fmt.Appendf(nil, "$%d\r\n", len(value)), behind: []byte(crlf), valued: true}.sized(key, value)
}

func (resp) storedTemplate() template {
	return template{before: []byte("+OK" + crlf)}.sized(nil, nil)
}

var errNoRESP = errors.New("no reply of RESP")

func (resp) parse(m *Messages, data []byte, r dataset.Request) (n int, wrong, err error) {
	line, _, whole := bytes.Cut(data, []byte(crlf))
	switch {
	case !whole && len(data) > maxLine:
		return 0, nil, fmt.Errorf("%w: a line of over %d bytes", errNoRESP, maxLine)
	case !whole:
		return 0, nil, nil
	case len(line) == 0 || bytes.IndexByte([]byte("+-:$"), line[0]) < 0:
		return 0, nil, fmt.Errorf("%w: %s", errNoRESP, clip(line))
	}
	n = len(line) + len(crlf)
	got := line
	if size, err := strconv.Atoi(string(line[1:])); line[0] == '$' && string(line) != "$-1" {
		// An incomplete reply must fit into the connection's buffer.
		if err != nil || size < 0 || size > m.maxBody()-n-len(crlf) {
			return 0, nil, fmt.Errorf("%w: %s", errNoRESP, clip(line))
		}
		if n += size + len(crlf); len(data) < n {
			return 0, nil, nil
		}
		if !bytes.HasSuffix(data[:n], []byte(crlf)) {
			return 0, nil, fmt.Errorf("%w: %s is not followed by as many bytes", errNoRESP, clip(line))
		}
		got = data[:n-len(crlf)]
	}
	// A right reply would have matched its template.
	return n, fmt.Errorf("%s: reply is %s", m.Describe(r), clip(got)), nil
}
