package wire

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
)

// memcached is the text protocol of memcached, limited to get and set
// (https://github.com/memcached/memcached/blob/master/doc/protocol.txt).
type memcached struct{}

// valueEnd follows a value. No second value follows, because a get names one
// key.
const valueEnd = crlf + "END" + crlf

func (memcached) getTemplate(key []byte) template {
	return template{before: []byte("get "), between: []byte(crlf), keyed: true}.sized(key, nil)
}

func (memcached) putTemplate(key, value []byte) template {
	return template{
		before: []byte("set "), between: fmt.Appendf(nil, " 0 0 %d\r\n", len(value)), behind: []byte(crlf), keyed: true, valued: true,
	}.sized(key, value)
}

func (memcached) foundTemplate(key, value []byte) template {
	return template{
		before: []byte("VALUE "), between: fmt.Appendf(nil, " 0 %d\r\n", len(value)), behind: []byte(valueEnd), keyed: true, valued: true,
	}.sized(key, value)
}

func (memcached) storedTemplate() template {
	return template{before: []byte("STORED" + crlf)}.sized(nil, nil)
}

var errNoMemcached = errors.New("no reply of memcached")

// memcachedWords are the first words of a line that is a whole reply, but a wrong one.
var memcachedWords = []string{"END", "STORED", "NOT_STORED", "EXISTS", "NOT_FOUND", "ERROR", "CLIENT_ERROR", "SERVER_ERROR"}

func (memcached) parse(m *Messages, data []byte, r dataset.Request) (n int, wrong, err error) {
	line, _, whole := bytes.Cut(data, []byte(crlf))
	switch {
	case !whole && len(data) > maxLine:
		return 0, nil, fmt.Errorf("%w: a line of over %d bytes", errNoMemcached, maxLine)
	case !whole:
		return 0, nil, nil
	}
	n = len(line) + len(crlf)
	got := line
	if value, found := bytes.CutPrefix(line, []byte("VALUE ")); found {
		// VALUE key flags bytes
		size := -1
		if fields := bytes.Fields(value); len(fields) == 3 {
			size, err = strconv.Atoi(string(fields[2]))
		}
		// An incomplete reply must fit into the connection's buffer.
		if err != nil || size < 0 || size > m.maxBody()-n-len(valueEnd) {
			return 0, nil, fmt.Errorf("%w: %s", errNoMemcached, clip(line))
		}
		if n += size + len(valueEnd); len(data) < n {
			return 0, nil, nil
		}
		if !bytes.HasSuffix(data[:n], []byte(valueEnd)) {
			return 0, nil, fmt.Errorf("%w: %s is not followed by as many bytes, and END", errNoMemcached, clip(line))
		}
		got = data[:n-len(valueEnd)]
	} else if word, _, _ := bytes.Cut(line, []byte(" ")); !slices.Contains(memcachedWords, string(word)) {
		return 0, nil, fmt.Errorf("%w: %s", errNoMemcached, clip(line))
	}
	// A right reply would have matched its template.
	return n, fmt.Errorf("%s: reply is %s", m.Describe(r), clip(got)), nil
}
