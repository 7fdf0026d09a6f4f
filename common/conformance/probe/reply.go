package probe

import (
	"bytes"
	"fmt"

	"github.com/ioflavors/ioflavors/common/exchanges"
)

// AsText makes the connection's failure messages show bytes as Go strings, not in
// hexadecimal digits.
func (c *Conn) AsText() *Conn {
	c.show = func(b []byte) string { return quote(string(b)) }
	return c
}

// WantReply reads the reply of an exchange, byte for byte. It fails at the first wrong
// byte, because a wrong reply may be shorter than the right one.
func (c *Conn) WantReply(e exchanges.Exchange) {
	c.t.Helper()
	for at := 0; at < len(e.Reply); {
		_, err := c.in.Peek(1)
		if err != nil {
			c.wrongReply(e, at, nil, describe(err))
		}
		got, _ := c.in.Peek(min(c.in.Buffered(), len(e.Reply)-at))
		if same := common(got, e.Reply[at:]); same < len(got) {
			rest, _ := c.in.Peek(c.in.Buffered())
			c.wrongReply(e, at+same, rest[same:], "")
		}
		n, _ := c.in.Discard(len(got))
		at += n
	}
}

// shownBefore is how many right bytes a failure message shows before the first wrong
// one.
const shownBefore = 60

// wrongReply fails: the reply is right up to the offset at, then come the bytes got, or
// an error.
func (c *Conn) wrongReply(e exchanges.Exchange, at int, got []byte, err string) {
	c.t.Helper()
	from, where := 0, ""
	if at > shownBefore {
		from = at - shownBefore
		where = fmt.Sprintf(", from byte %d on,", from)
	}
	received := quote(string(e.Reply[from:at]) + string(got))
	switch {
	case err != "" && at == 0:
		received = err
	case err != "":
		received += ", then " + err
	}
	line := ""
	if e.Line > 0 {
		line = fmt.Sprintf("line %d: ", e.Line)
	}
	c.t.Fatalf("%ssent %s; expected the reply%s %s; got %s", line, quote(string(e.Request)), where, quote(string(e.Reply[from:])), received)
}

// common returns the length of what both begin with.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	if bytes.Equal(a[:n], b[:n]) {
		return n
	}
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
