//go:build unix

package fakekernel

import (
	"fmt"
	"strings"
	"time"
)

// trace has the last system calls, for the report of a failure.
type trace struct {
	start time.Time
	calls [200]call
	count int
}

type call struct {
	name  string
	fd, n int
	err   error
	at    time.Duration
}

func (t *trace) add(name string, fd, n int, err error) {
	t.calls[t.count%len(t.calls)] = call{name, fd, n, err, time.Since(t.start)}
	t.count++
}

func (t *trace) String() string {
	var b strings.Builder
	for i := max(0, t.count-len(t.calls)); i < t.count; i++ {
		c := t.calls[i%len(t.calls)]
		fmt.Fprintf(&b, "%12v  %s(%d) = %d", c.at, c.name, c.fd, c.n)
		if c.err != nil {
			fmt.Fprintf(&b, " %v", c.err)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
