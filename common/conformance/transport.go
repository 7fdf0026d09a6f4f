package conformance

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ioflavors/ioflavors/common/conformance/probe"
	"github.com/ioflavors/ioflavors/common/exchanges"
)

// TransportRules returns the rules that hold for any request/reply protocol, in the
// order in which Transport tries them. They need exchanges, and know nothing else of
// the protocol.
func TransportRules() []Rule {
	return slices.Concat(streamRules, togetherRules, awayRules, boundRules, processRules)
}

// Transport tries the rules about transport on the server at addr, one after the
// other, with these exchanges. When ctx ends, the remaining rules are not judged.
// Options.MaxFrame has no meaning here, and Options.Clients is 400 if it is 0.
//
// The exchanges are sent many times, in any order, by many connections at once: see
// docs/exchanges.md. It panics if exchanges.Validate refuses them.
func Transport(ctx context.Context, addr string, all []exchanges.Exchange, o Options) Report {
	return checkAll(ctx, addr, TransportRules(), o.transport(all))
}

// SelectTransport returns the rules that Transport tries with these exchanges and
// options.
func SelectTransport(all []exchanges.Exchange, o Options) []Rule {
	return selected(TransportRules(), o.transport(all))
}

func (o Options) transport(all []exchanges.Exchange) Options {
	o.talk = newTalk(all)
	o.Clients = cmp.Or(o.Clients, transportClients)
	return o.withDefaults()
}

// Answers reports whether the server at addr answers the first exchange of a
// connection before ctx ends.
func Answers(ctx context.Context, addr string, all []exchanges.Exchange) bool {
	return probe.Try(func(t probe.T) {
		c := probe.Dial(ctx, t, addr)
		c.Send(all[0].Request)
		c.WantReply(all[0])
	}) == ""
}

const (
	// transportClients is the number of clients at once, unless an option says
	// otherwise.
	transportClients = 400
	// light is the longest exchange in rules with many clients, in bytes of request
	// and reply, unless all exchanges are longer.
	light = 16 << 10
	// much is about how many bytes a rule sends or receives on a connection where a
	// server has to keep up with much.
	much = 8 << 20
	// stalled is how long a server takes nothing before a rule concludes that it has
	// enough; stalledForSure, if a wrong conclusion would be in the server's favour.
	stalled        = 200 * time.Millisecond
	stalledForSure = time.Second
)

// talk is a protocol, as far as the exchanges show it.
type talk struct {
	setup, repeated []exchanges.Exchange
	// light are those of repeated that many clients can have at once.
	light []exchanges.Exchange
	turn  atomic.Int64 // so that not all clients send the same
}

func newTalk(all []exchanges.Exchange) *talk {
	if err := exchanges.Validate(all); err != nil {
		panic(fmt.Sprintf("conformance: %v", err))
	}
	k := new(talk)
	k.setup, k.repeated = exchanges.Split(all)
	least := slices.MinFunc(k.repeated, func(a, b exchanges.Exchange) int { return size(a) - size(b) })
	for _, e := range k.repeated {
		if size(e) <= max(light, size(least)) {
			k.light = append(k.light, e)
		}
	}
	return k
}

func size(e exchanges.Exchange) int { return len(e.Request) + len(e.Reply) }

// some returns n light exchanges, and others the next time.
func (k *talk) some(n int) []exchanges.Exchange {
	first := int(k.turn.Add(1))
	some := make([]exchanges.Exchange, n)
	for i := range some {
		some[i] = k.light[(first+i)%len(k.light)]
	}
	return some
}

// cycle returns the repeated exchanges again and again: at most n of them, and no more
// than bytes in requests or in replies, but at least one.
func (k *talk) cycle(n, bytes int) []exchanges.Exchange { return cycle(k.repeated, n, bytes) }

func cycle(of []exchanges.Exchange, n, bytes int) (all []exchanges.Exchange) {
	requests, replies := 0, 0
	for len(all) < n {
		e := of[len(all)%len(of)]
		requests, replies = requests+len(e.Request), replies+len(e.Reply)
		if len(all) > 0 && max(requests, replies) > bytes {
			break
		}
		all = append(all, e)
	}
	return all
}

// requests returns the requests as one text.
func requests(all []exchanges.Exchange) []byte {
	var text []byte
	for _, e := range all {
		text = append(text, e.Request...)
	}
	return text
}

// enter returns a connection that is set up.
func (t *trial) enter() *probe.Conn {
	c := t.dial()
	t.setUp(c)
	return c
}

func (t *trial) setUp(c *probe.Conn) {
	c.AsText()
	for _, e := range t.talk.setup {
		t.one(c, e)
	}
}

// one sends the request and expects the reply.
func (t *trial) one(c *probe.Conn, e exchanges.Exchange) {
	wait := c.Start(e.Request)
	c.WantReply(e)
	wait()
}

// converse sends all requests in one write and expects all replies.
func (t *trial) converse(c *probe.Conn, all []exchanges.Exchange) {
	wait := c.Start(requests(all))
	t.replies(c, all)
	wait()
}

func (t *trial) replies(c *probe.Conn, all []exchanges.Exchange) {
	for _, e := range all {
		c.WantReply(e)
	}
}

// Repeat is the ID of the first rule of a protocol's exchanges. While it fails, the
// exchanges or the server's replies depend on what was sent before, and the other rules
// cannot be judged.
const Repeat = "repeat"

// streamRules: TCP is a stream. A server may receive requests in any parts, and many
// together, and answers them in order.
var streamRules = []Rule{
	{ID: Repeat, Title: "the exchanges get their replies, in any order and again", run: repeatExchanges},
	{ID: "cut-anywhere", Fault: 1, Title: "requests are answered wherever they are cut", run: cutTalk},
	{ID: "byte-by-byte", Fault: 1, Title: "requests are answered when each byte is sent by itself", run: bytesOfTalk},
	{ID: "any-split", Fault: 1, Title: "requests are answered in parts of any sizes", run: splitTalk},
	{ID: "pipeline", Fault: 2, Title: "10,000 requests in one write are answered in order", run: pipelineTalk},
	{ID: "half-close", Fault: 23, Title: "a client that has sent its FIN still gets every answer, then a FIN", run: halfCloseTalk},
	{ID: "half-close-many", Fault: 23, Title: "a client that has sent 10,000 requests and its FIN gets every answer, then a FIN", run: halfCloseMany},
	{ID: "half-close-unread", Fault: 23, Title: "a client that sends its FIN before it reads gets every answer, then a FIN", run: halfCloseUnread},
}

// repeatExchanges begins with the last exchange, each on a connection of its own, so
// that one that needs another before it fails on a new server.
func repeatExchanges(t *trial) {
	const most = 200 // connections, and then exchanges on each of them
	all := t.talk.repeated
	step := max(1, len(all)/most)
	var order []int
	for i := 0; i < len(all); i += step {
		order = append(order, i)
	}
	backwards := slices.Clone(order)
	slices.Reverse(backwards)
	for _, i := range backwards {
		c := t.enter()
		if why := probe.Try(func(inner probe.T) { t.one(c.For(inner), all[i]) }); why != "" {
			t.Fatalf("%s; it was the first on its connection: if it needs another exchange before it, put that one above a line repeat:, or join the two", why)
		}
		t.leave()
	}
	c := t.enter()
	for _, i := range slices.Concat(order, order, backwards) {
		if why := probe.Try(func(inner probe.T) { t.one(c.For(inner), all[i]) }); why != "" {
			t.Fatalf("%s; the same request had its right reply before: exchanges must repeat, so a reply must not depend on what was sent before", why)
		}
	}
}

// cutTalk makes the server read the two parts separately, as cutAnywhere does.
func cutTalk(t *trial) {
	const (
		conversation = 64 << 10
		cuts         = 2000
	)
	before := t.talk.light[0]
	all := t.talk.cycle(len(t.talk.repeated), conversation)
	text := requests(all)
	volume := len(text)
	for _, e := range all {
		volume += len(e.Reply)
	}
	n := min(len(text)+1, cuts, max(8, 32<<20/volume))
	c := t.enter()
	for i := range n {
		cut := i * len(text) / max(1, n-1)
		wait := c.Start(before.Request, text[:cut])
		c.WantReply(before)
		wait()
		wait = c.Start(text[cut:])
		t.replies(c, all)
		wait()
	}
}

func bytesOfTalk(t *trial) {
	const most = 4 << 10
	all := t.talk.cycle(len(t.talk.repeated), most)
	text := requests(all)
	c := t.enter()
	var write sync.WaitGroup
	write.Go(func() {
		for i := range min(most, len(text)) {
			if _, err := c.Write(text[i : i+1]); err != nil {
				return // WantReply reports it
			}
		}
		if len(text) > most {
			_, _ = c.Write(text[most:])
		}
	})
	t.replies(c, all)
	write.Wait()
}

// splitTalk sends parts around several sizes, among them those of usual buffers.
func splitTalk(t *trial) {
	const most = 1 << 20
	for i, part := range []int{3, 17, 100, 1000, 4096, 65_536} {
		all := t.talk.cycle(5000, min(most, 5000*part))
		text := requests(all)
		c := t.enter()
		var write sync.WaitGroup
		write.Go(func() {
			random := newRandom(i)
			for len(text) > 0 {
				n := min(len(text), 1+random.IntN(2*part))
				if _, err := c.Write(text[:n]); err != nil {
					return
				}
				text = text[n:]
			}
		})
		t.replies(c, all)
		write.Wait()
		t.leave()
	}
}

func pipelineTalk(t *trial) {
	t.converse(t.enter(), t.talk.cycle(10_000, 4*much))
}

func halfCloseTalk(t *trial) {
	for _, n := range []int{1, 2, 10} {
		all := t.talk.some(n)
		c := t.enter()
		wait := c.StartLast(requests(all))
		t.replies(c, all)
		wait()
		c.WantEnd()
		t.leave()
	}
	// The server answers a FIN without a request by a FIN.
	c := t.enter()
	c.HalfClose()
	c.WantEnd()
}

func halfCloseMany(t *trial) {
	all := t.talk.cycle(10_000, 2*much)
	c := t.enter()
	wait := c.StartLast(requests(all))
	t.replies(c, all)
	wait()
	c.WantEnd()
}

// halfCloseUnread has more replies to come than the kernels on the way hold, if the
// server takes that many requests. If it does not, the FIN comes as soon as it has.
func halfCloseUnread(t *trial) {
	c := t.enter()
	n := t.neglectMuch(c)
	n.finish()
	n.read(t, c)
	c.WantEnd()
}

// neglect is a connection with requests whose replies nothing reads yet.
type neglect struct {
	c     *probe.Conn
	chunk []exchanges.Exchange
	done  chan error // of the writes

	mu      sync.Mutex
	begun   int // chunks
	stopped bool
}

// neglect sends the request of one exchange again and again and reads nothing, until
// the server takes no more of them for a while, or that many are sent. took reports
// whether it took all of them. An error is that of a write.
func (t *trial) neglect(c *probe.Conn, e exchanges.Exchange, times int, while time.Duration) (n *neglect, took bool, err error) {
	const chunk = 32 << 10
	_ = c.SetReadBuffer(32 << 10)
	_ = c.SetWriteBuffer(32 << 10)
	n = &neglect{c: c, chunk: cycle([]exchanges.Exchange{e}, chunk, chunk), done: make(chan error, 1)}
	text, done := requests(n.chunk), n.done
	chunks := max(1, times/len(n.chunk))
	go func() {
		for range chunks {
			n.mu.Lock()
			stopped := n.stopped
			if !stopped {
				n.begun++
			}
			n.mu.Unlock()
			if stopped {
				break
			}
			if _, err := c.Write(text); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	tick := time.NewTicker(while)
	defer tick.Stop()
	for before := -1; ; {
		select {
		case err = <-done:
			done <- err
			took = err == nil
		case <-tick.C:
		}
		n.mu.Lock()
		if took || err != nil || n.begun == before || t.ctx.Err() != nil {
			n.stopped = true
			n.mu.Unlock()
			return n, took, err
		}
		before = n.begun
		n.mu.Unlock()
	}
}

// neglectMuch is neglect until the replies are more than the kernels on the way hold,
// if the server takes that many requests, and they are not too many.
func (t *trial) neglectMuch(c *probe.Conn) *neglect {
	const most = 500_000
	e := t.talk.richest()
	n, _, err := t.neglect(c, e, min(most, 2*much/len(e.Reply)), min(stalled, t.shortestTimeout()/4))
	if err != nil {
		t.Fatalf("sent %s again and again and read no reply; expected the server to wait; got: %v", shownText(e.Request), err)
	}
	return n
}

// finish sends a FIN behind the last request.
func (n *neglect) finish() {
	written := n.done
	n.done = make(chan error, 1)
	go func() {
		err := <-written
		if err == nil {
			err = n.c.CloseWrite()
		}
		n.done <- err
	}()
}

// read expects all replies that the server owes on the connection, which is n.c.
func (n *neglect) read(t *trial, c *probe.Conn) {
	for range n.begun { // no more begin
		t.replies(c, n.chunk)
	}
	if err := <-n.done; err != nil {
		t.Fatalf("expected the server to take all requests while their replies are read; got: %v", err)
	}
}

func shownText(b []byte) string {
	const most = 100
	if len(b) > most {
		return fmt.Sprintf("%q… (%d bytes)", b[:most], len(b))
	}
	return fmt.Sprintf("%q", b)
}

// richest returns the exchange with the longest reply for each byte of its request, and
// of several the longest.
func (k *talk) richest() exchanges.Exchange {
	return slices.MaxFunc(k.repeated, func(a, b exchanges.Exchange) int {
		return cmp.Or(len(a.Reply)*len(b.Request)-len(b.Reply)*len(a.Request), size(a)-size(b))
	})
}
