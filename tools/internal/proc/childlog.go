package proc

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// keptLog is how many bytes of a server's log are kept: the last ones.
const keptLog = 2 << 10

// childLog takes a server's standard error. It finds the lines that say where the
// server and its debug server listen, and keeps the last lines for an error message.
type childLog struct {
	listening chan listening // receives once

	mu    sync.Mutex
	tail  []byte
	line  []byte
	at    listening
	found bool
}

// listening is where a server listens, and the URL of its debug server, which begins
// first; "": it has none.
type listening struct{ addr, debug string }

func newChildLog() *childLog { return &childLog{listening: make(chan listening, 1)} }

// Write takes the next piece of the log, which may begin and end anywhere in a line.
func (l *childLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tail = append(l.tail, p...)
	l.tail = l.tail[max(0, len(l.tail)-keptLog):]
	for rest := p; !l.found && len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		l.line = append(l.line, line...)
		if rest = after; !whole {
			break
		}
		l.at.parse(l.line)
		if l.at.addr != "" {
			l.listening <- l.at
			l.found = true
		}
		l.line = l.line[:0]
	}
	return len(p), nil
}

// parse takes what a log line says, if it is one of the two.
func (at *listening) parse(line []byte) {
	var entry struct {
		Msg  string `json:"msg"`
		Addr string `json:"addr"`
		URL  string `json:"url"`
	}
	if json.Unmarshal(line, &entry) != nil {
		return
	}
	switch entry.Msg {
	case "listening":
		at.addr = entry.Addr
	case "debug server":
		at.debug = entry.URL
	}
}

// text returns the end of the log, in printable characters.
func (l *childLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.TrimSpace(printable.Text(string(l.tail)))
}

// explain adds the end of the log, if there is any, to err.
func (l *childLog) explain(err error) error {
	said := l.text()
	if said == "" {
		return err
	}
	return fmt.Errorf("%w; it said:\n\t%s", err, strings.ReplaceAll(said, "\n", "\n\t"))
}
