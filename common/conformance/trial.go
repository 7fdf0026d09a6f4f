package conformance

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
)

// trial is one run of a rule against a server.
type trial struct {
	probe.T
	Options
	ctx   context.Context
	addr  string
	nonce uint64
	open  []*probe.Conn
}

func newTrial(ctx context.Context, t probe.T, addr string, o Options) *trial {
	return &trial{T: t, Options: o, ctx: ctx, addr: addr, nonce: rand.Uint64()}
}

// dial returns a connection that is closed when the rule ends.
func (t *trial) dial() *probe.Conn {
	c := probe.Dial(t.ctx, t.T, t.addr)
	t.open = append(t.open, c)
	return c
}

// leave closes the rule's connections, so that a server with one client at a
// time can serve the next.
func (t *trial) leave() {
	for _, c := range t.open {
		c.Close()
	}
	t.open = nil
}

// alive expects the server to serve a new client, after all others have
// left.
func (t *trial) alive() {
	t.leave()
	if t.talk != nil {
		t.converse(t.enter(), t.talk.some(3))
		t.leave()
		return
	}
	key := t.key("alive")
	c := t.dial()
	c.Send(probe.Put(key, "yes"), probe.Get(key))
	c.Want(probe.Stored)
	c.Want(probe.Found(key, "yes"))
	c.Close()
}

// clients runs f for n clients at once.
func (t *trial) clients(n int, f func(t *trial, i int)) {
	probe.Concurrently(t.T, n, func(inner probe.T, i int) {
		f(t.with(inner), i)
	})
}

// with returns a part of the same run, with connections of its own.
func (t *trial) with(inner probe.T) *trial {
	return &trial{T: inner, Options: t.Options, ctx: t.ctx, addr: t.addr, nonce: t.nonce}
}

// key returns a key that no other rule, and no earlier check of the same
// server, has used.
func (t *trial) key(name string) string {
	return fmt.Sprintf("conformance/%016x/%s", t.nonce, name)
}

// text returns size bytes of text, or fewer if a put with the longest of the
// rules' keys has room for less. Texts with different seeds differ.
func (t *trial) text(size, seed int) string {
	size = min(size, fit(t.MaxFrame, strings.Repeat("k", 64)))
	unit := fmt.Sprintf("%d %016x ", seed, t.nonce)
	return strings.Repeat(unit, size/len(unit)+1)[:size]
}

// fit returns the size of the longest value that can be put under key in a
// frame of length limit.
func fit(limit int, key string) int {
	room := limit + len(probe.Header(0)) - len(probe.Put(key, ""))
	// The value's field is a tag, its size in one to five bytes of seven bits
	// each, and the value.
	for n := 1; n <= 5; n++ {
		if size := room - 1 - n; size < 1<<(7*n) {
			return max(0, size)
		}
	}
	return 0
}
