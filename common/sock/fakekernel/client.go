//go:build unix

package fakekernel

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/ioflavors/ioflavors/common/exchanges"
)

// manner is how a client behaves.
type manner int

const (
	polite     manner = iota // leaves when it has all its replies
	halfCloser               // sends FIN behind its last request
	truncator                // sends FIN inside a request
	liar                     // sends bytes that are no request, and more
	leaver                   // asks the server to end the connection, and sends more
	silent                   // stays, and sends no more
	stuck                    // stays, and does not finish its last request
	// The manners above take all their replies. Those below do not.
	deaf     // a slow reader: stays, and takes nothing
	resetter // resets its connection at some time
	quitter  // closes its connection at some time
	manners
)

var mannerNames = [manners]string{
	"polite", "half-closer", "truncator", "liar", "leaver", "silent", "stuck", "deaf", "resetter", "quitter",
}

// client is the other end of a connection.
type client struct {
	k      *Kernel
	id     int
	manner manner
	file   *file // nil before it connects

	stream  []byte // all bytes that it will send
	sent    int
	leaveAt int // a resetter or quitter leaves after this many bytes

	requests []request
	want     []byte // the replies to all requests, in order
	owed     int    // how many bytes of want it must get in any case
	got      []byte

	place   bool // when it was accepted, the server had a place for it
	hurried bool // the shutdown began before its connection was closed
	gone    bool // it has closed or reset its end
	excused bool // its connection broke, through no fault of the server's
}

// request says where a request ends in the client's stream, and where its reply ends in
// want.
type request struct{ sent, want int }

func newClient(k *Kernel, id int) *client {
	r := k.rng
	c := &client{k: k, id: id}
	if r.IntN(3) > 0 {
		c.manner = manner(r.IntN(int(manners)))
	}
	size := pick(k, 10, 100, 100, 3000, 40_000) // the longest value
	talk, values := k.protocol.Open(), map[string]string{}
	for i := range r.IntN(min(pick(k, 3, 10, 60), 2+200_000/size)) {
		key := fmt.Sprintf("client-%d-key-%d", id, r.IntN(4))
		if value, ok := values[key]; !ok || r.IntN(2) == 0 {
			value = strings.Repeat(string(rune('a'+i%26)), r.IntN(size))
			values[key] = value
			c.ask(talk.Put(key, value))
		} else {
			c.ask(talk.Get(key, value))
		}
	}
	switch c.manner {
	case truncator, stuck:
		half := talk.Put("never", strings.Repeat("x", r.IntN(size))).Request
		c.stream = append(c.stream, half[:1+r.IntN(len(half)-1)]...)
	case liar:
		c.stream = append(c.stream, k.protocol.NoRequest.Request...)
		c.stream = append(c.stream, make([]byte, r.IntN(100_000))...)
	case leaver:
		if quit := k.protocol.Quit; len(quit.Request) > 0 {
			c.ask(quit)
			for range r.IntN(3) { // no reply comes to these
				c.stream = append(c.stream, talk.Put("late", strings.Repeat("x", r.IntN(size))).Request...)
			}
		} else {
			c.manner = polite
		}
	}
	c.leaveAt = r.IntN(len(c.stream) + 1)
	c.owed = len(c.want)
	if c.manner >= deaf || k.turn > 0 || k.memory > 0 { // the server may close it at any time
		c.owed = 0
	}
	return c
}

func (c *client) ask(e exchanges.Exchange) {
	c.stream = append(c.stream, e.Request...)
	c.want = append(c.want, e.Reply...)
	c.requests = append(c.requests, request{len(c.stream), len(c.want)})
}

// atShutdown reduces the owed replies to the requests that are already sent.
func (c *client) atShutdown() {
	c.hurried = c.file == nil || !c.file.closed
	owed := 0
	for _, r := range c.requests {
		if r.sent <= c.sent {
			owed = r.want
		}
	}
	c.owed = min(c.owed, owed)
}

// maySend, mayTake and mayEnd report what the client can do now.
func (c *client) maySend() bool {
	return c.sent < len(c.stream) && !c.file.reset && len(c.file.in) < c.file.inRoom && !c.file.eof
}
func (c *client) mayTake() bool { return c.manner != deaf && len(c.file.out) > 0 }
func (c *client) mayEnd() bool {
	switch {
	case c.ended():
		return true
	case c.manner == polite:
		return bytes.Equal(c.got, c.want) && c.sent == len(c.stream)
	case c.manner == halfCloser, c.manner == truncator:
		return c.sent == len(c.stream) && !c.file.eof
	case c.manner == resetter, c.manner == quitter:
		return c.sent >= c.leaveAt
	}
	return false
}

// ended reports whether the client can see that the server has ended the connection.
func (c *client) ended() bool {
	f := c.file
	return f.reset || (f.fin || f.closed) && len(f.out) == 0
}

func (c *client) able() bool {
	switch {
	case c.gone:
		return false
	case c.file == nil:
		return !c.k.stopped
	}
	return c.maySend() || c.mayTake() || c.mayEnd()
}

// act does one thing that the client can do, chosen at random.
func (c *client) act() {
	if c.file == nil {
		// Small buffers cause many calls; more than some hundred show nothing new.
		least := (len(c.stream) + len(c.want)) / 300
		room := func() int { return max(least, pick(c.k, 20, 500, 5000, 100_000)) }
		c.file = &file{client: c, inRoom: min(room(), c.k.Room), outRoom: room()}
		c.k.queue = append(c.k.queue, c)
		return
	}
	var can []func()
	for _, option := range []struct {
		may bool
		do  func()
	}{{c.maySend(), c.send}, {c.mayTake(), c.take}, {c.mayEnd(), c.end}} {
		if option.may {
			can = append(can, option.do)
		}
	}
	can[c.k.rng.IntN(len(can))]()
}

func (c *client) send() {
	f := c.file
	n := c.k.length(min(len(c.stream)-c.sent, f.inRoom-len(f.in)))
	if f.closed { // the server has closed its end
		c.sent += n
		c.k.refuse(f)
		return
	}
	f.in = append(f.in, c.stream[c.sent:c.sent+n]...)
	c.sent += n
}

func (c *client) take() {
	n := c.k.length(len(c.file.out))
	c.got = append(c.got, c.file.out[:n]...)
	c.file.out = c.file.out[n:]
}

func (c *client) end() {
	f := c.file
	switch {
	case c.ended():
		c.gone = true
		f.eof = true
	case c.manner == polite, c.manner == quitter:
		c.gone = true
		f.eof = true
		f.reset = f.reset || len(f.out) > 0
	case c.manner == resetter:
		c.gone = true
		f.reset = true
		f.in, f.out = nil, nil
	default:
		f.eof = true
	}
}

// check returns what is wrong with the bytes that the client got, or "".
func (c *client) check() string {
	switch {
	case c.file == nil:
		return "" // it never connected
	case !c.file.closed && !c.file.reset:
		return "its connection is not closed"
	}
	refused := c.refusal() // nil if there are too few clients for one
	// Whether a part of that may be all that it gets. Without memory, connections are closed.
	part := c.excused || c.manner >= deaf || c.k.memory > 0 && len(c.got) > 0
	if refused != nil && (bytes.Equal(c.got, refused) || part && bytes.HasPrefix(refused, c.got)) {
		if c.place && len(c.got) > 0 {
			return "it was refused, and when it was accepted enough others had left"
		}
		return ""
	}
	replies, rest := c.got, []byte(nil)
	if len(replies) > len(c.want) {
		replies, rest = c.got[:len(c.want)], c.got[len(c.want):]
	}
	switch {
	case !bytes.HasPrefix(c.want, replies):
		return fmt.Sprintf("it got wrong replies: %s", shown(c.got))
	case len(rest) > 0 && c.manner != liar:
		return fmt.Sprintf("it got more than it asked for: %s", shown(rest))
	case c.excused:
		return ""
	case len(replies) < c.owed:
		return fmt.Sprintf("it got %d bytes of the %d that it was owed", len(replies), c.owed)
	}
	if c.manner == liar && c.sent == len(c.stream) && len(replies) == len(c.want) && !c.hurried || len(rest) > 0 {
		// When memory is short, a client may be closed before it has taken its reply.
		last := c.k.protocol.NoRequest.Reply
		if !bytes.Equal(rest, last) && !(c.k.memory > 0 && bytes.HasPrefix(last, rest)) {
			return fmt.Sprintf("it should have got the reply %s, not %s", shown(last), shown(rest))
		}
	}
	last := c.manner == liar && len(rest) > 0 || c.manner == leaver && len(replies) == len(c.want)
	if last && c.file.cut && c.k.memory == 0 && !c.hurried {
		return "it got its last reply, and no FIN while it might still send"
	}
	return ""
}

// refusal returns the reply to a client above the limit, or nil if there are too few
// clients for one.
func (c *client) refusal() []byte {
	if len(c.k.clients) <= c.k.mostConns {
		return nil
	}
	whose := ""
	if c.k.perPeer {
		whose = " of this address"
	}
	return c.k.protocol.Refusal(fmt.Sprintf("refused: all %d connections%s are in use", c.k.mostConns, whose))
}

// shown formats bytes for a failure, only the first of them if there are many.
func shown(data []byte) string {
	const most = 60
	if len(data) > most {
		return fmt.Sprintf("%q… (%d bytes)", data[:most], len(data))
	}
	return fmt.Sprintf("%q", data)
}

func (c *client) String() string {
	state := "not connected"
	if f := c.file; f != nil {
		state = fmt.Sprintf("sent %d of %d bytes, got %d of %d", c.sent, len(c.stream), len(c.got), len(c.want))
		for _, flag := range []struct {
			name string
			set  bool
		}{{"excused", c.excused}, {"gone", c.gone}, {"reset", f.reset}, {"FIN sent", f.eof}, {"FIN received", f.fin}, {"closed", f.closed}} {
			if flag.set {
				state += ", " + flag.name
			}
		}
	}
	return fmt.Sprintf("client %d (%s): %s", c.id, mannerNames[c.manner], state)
}
