package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// respLanguage is the protocol of Redis, limited to GET and SET
// (https://redis.io/docs/latest/develop/reference/protocol-spec).
type respLanguage struct{}

const crlf = "\r\n"

func (respLanguage) getTemplate(key []byte) template {
	return template{
		before: fmt.Appendf(nil, "*2\r\n$3\r\nGET\r\n$%d\r\n", len(key)), between: []byte(crlf), keyed: true,
	}.sized(key, nil)
}

func (respLanguage) putTemplate(key, value []byte) template {
	return template{
		before:  fmt.Appendf(nil, "*3\r\n$3\r\nSET\r\n$%d\r\n", len(key)),
		between: fmt.Appendf(nil, "\r\n$%d\r\n", len(value)), behind: []byte(crlf), keyed: true, valued: true,
	}.sized(key, value)
}

func (respLanguage) foundTemplate(key, value []byte) template {
	return template{before: fmt.Appendf(nil, "$%d\r\n", len(value)), behind: []byte(crlf), valued: true}.sized(key, value)
}

func (respLanguage) storedTemplate() template {
	return template{before: []byte("+OK" + crlf)}.sized(nil, nil)
}

var errNoRESP = errors.New("no reply of RESP")

// maxLine is the longest line, in bytes: an error with its reason.
const maxLine = 4 << 10

func (respLanguage) next(d *dataset, data []byte, r request) (n int, wrong, err error) {
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
		if err != nil || size < 0 || size > d.maxReply()-n-len(crlf) {
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
	return n, fmt.Errorf("%s: reply is %s", d.describe(r), clip(got)), nil
}
