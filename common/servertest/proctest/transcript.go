package proctest

import (
	"bytes"
	"encoding/json"
	"sync"
)

// transcript is the output of a process so far.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer, for exec.Cmd.
func (tr *transcript) Write(p []byte) (int, error) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.Write(p)
}

func (tr *transcript) String() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.text.String()
}

// logged returns the fields of the first log entry with this message; ok is
// false if there is none.
func (tr *transcript) logged(msg string) (fields map[string]any, ok bool) {
	for line := range bytes.Lines([]byte(tr.String())) {
		fields = nil
		if json.Unmarshal(line, &fields) == nil && fields["msg"] == msg {
			return fields, true
		}
	}
	return nil, false
}
