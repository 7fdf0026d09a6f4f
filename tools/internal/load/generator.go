package load

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/eventloop/poller"
)

// readSize is how much is read at a time at most, in bytes.
const readSize = 256 << 10

// phase is where a run is. It only grows.
type phase uint8

const (
	warming   phase = iota // loading, not measuring
	measuring              // the window is open
	draining               // making no more requests, waiting for the last replies
	over
)

// generator is a run: one thread, its connections, and what it has counted.
type generator struct {
	cfg    Config
	source source
	poller *poller.Poller
	conns  []*conn
	byFD   []*conn
	open   int // connections that are not broken
	served int // connections that have got a reply

	phase  phase
	until  time.Duration // when warming or measuring ends
	check  time.Duration // when to look for timeouts again
	clock  time.Time     // its zero
	read   time.Duration // when the bytes that are being looked at were read
	window *window
	errors Errors

	in, out []byte // shared by all connections, within a turn
}

// conn is a connection, with its socket.
type conn struct {
	pipeline
	fd      int
	writing bool // watched for writability
	broken  bool
}

// newGenerator connects. Close it in the end.
func newGenerator(ctx context.Context, cfg Config, d *dataset, from source) (*generator, error) {
	p, err := poller.New(min(cfg.Connections, 1024))
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	g := &generator{
		cfg:    cfg,
		source: from,
		poller: p,
		window: newWindow(),
		in:     make([]byte, readSize),
	}
	for range cfg.Connections {
		if err := g.connect(ctx, d); err != nil {
			g.close()
			return nil, fmt.Errorf("load: connection %d of %d: %w", len(g.conns)+1, cfg.Connections, err)
		}
	}
	return g, nil
}

func (g *generator) now() time.Duration { return time.Since(g.clock) }

// run loads the server until its time is over, ctx is done, or no connection
// is left. It is for the generator's thread.
func (g *generator) run(ctx context.Context) error {
	g.clock = time.Now()
	g.until = g.cfg.Warmup
	for _, c := range g.conns {
		g.request(c)
	}
	for {
		now := g.now()
		if now >= g.check {
			g.expire(now)
			g.check = now + min(100*time.Millisecond, g.cfg.ReplyTimeout/4)
		}
		if g.advance(now); g.phase == over {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		events, err := g.poller.Wait(max(0, min(g.until, g.check)-g.now()))
		if err != nil {
			return err
		}
		for _, ev := range events {
			c := g.byFD[ev.FD]
			if ev.Ready&poller.Writable != 0 && c.writing && !c.broken {
				g.flush(c, c.out)
			}
			if ev.Ready&poller.Readable != 0 && !c.broken {
				g.receive(c)
			}
		}
	}
}

// advance moves to the next phase when it is time.
func (g *generator) advance(now time.Duration) {
	if g.open == 0 {
		g.endWindow(now)
		g.phase = over
	}
	if g.phase == warming && now >= g.until {
		g.cfg.Begin()
		g.phase = measuring
		g.window.begin(now, g.now())
		g.until = g.window.began + g.cfg.Duration
	}
	if g.phase == measuring && now >= g.until {
		g.endWindow(now)
		g.drain()
	}
	if g.phase == draining && g.drained() {
		g.phase = over
	}
}

func (g *generator) endWindow(now time.Duration) {
	if g.phase == measuring {
		g.window.end(now)
		g.cfg.End()
	}
}

func (g *generator) drain() {
	if g.phase < draining {
		g.phase, g.until = draining, maxRun
	}
}

// maxRun is a time that does not come.
const maxRun time.Duration = 1 << 61

// drained reports whether there is nothing left to wait for.
func (g *generator) drained() bool {
	for _, c := range g.conns {
		if c.count > 0 && !c.broken && !g.mayWait(c) {
			return false
		}
	}
	return true
}

// mayWait reports whether it is no error if c gets no reply.
func (g *generator) mayWait(c *conn) bool {
	return g.cfg.MayWait && c.answered == 0 && g.served > 0
}

// receive takes one read's worth of replies, and replaces them by requests.
// What it leaves unread, the poller reports again.
func (g *generator) receive(c *conn) {
	room := c.room(g.in)
	n, err := sock.System.Read(c.fd, room)
	switch {
	case err == sock.ErrWouldBlock:
		return
	case err == io.EOF:
		err = errClosed
	}
	if err == nil {
		g.read = g.now()
		first := c.answered == 0
		err = c.feed(room[:n], g)
		if first && c.answered > 0 {
			g.served++
		}
	}
	if err != nil {
		g.fail(c, &g.errors.Broken, err)
		return
	}
	if g.phase < draining {
		g.request(c)
	}
}

// reply counts a reply; it is what a pipeline tells.
func (g *generator) reply(p *pipeline, r request, wrong error) {
	switch {
	case wrong != nil:
		g.errors.Wrong++
		g.errors.note(wrong)
	case g.window.open:
		p.counted++
		g.window.count(r.sent, g.read)
	}
}

// request makes as many requests as may be in flight, and sends them.
func (g *generator) request(c *conn) {
	buf := g.out[:0]
	if c.writing {
		buf = c.out
	}
	buf, more := c.appendRequests(buf, g.source, g.now())
	if !c.writing {
		g.out = buf
	}
	g.flush(c, buf)
	if !more {
		g.drain()
	}
}

// flush sends buf; what there is no room for waits in c.out.
func (g *generator) flush(c *conn, buf []byte) {
	n := 0
	if len(buf) > 0 {
		var err error
		n, err = sock.System.Write(c.fd, buf)
		if err != nil && err != sock.ErrWouldBlock {
			g.fail(c, &g.errors.Broken, err)
			return
		}
	}
	c.out = append(c.out[:0], buf[n:]...)
	writing := len(c.out) > 0
	if writing == c.writing {
		return
	}
	c.writing = writing
	mask := poller.Readable
	if writing {
		mask |= poller.Writable
	}
	if err := g.poller.Modify(c.fd, mask); err != nil {
		g.fail(c, &g.errors.Broken, err)
	}
}

// expire gives up the connections whose reply is late.
func (g *generator) expire(now time.Duration) {
	for _, c := range g.conns {
		if c.count > 0 && !c.broken && !g.mayWait(c) && now-c.waitingSince() > g.cfg.ReplyTimeout {
			g.fail(c, &g.errors.TimedOut, timeoutError{g.cfg.ReplyTimeout})
		}
	}
}

// fail gives up a connection. Its descriptor stays until the end, so that its
// number does not come to mean another one. A server may close a connection
// that has all its replies, once there are no more requests to be made.
func (g *generator) fail(c *conn, counter *int64, err error) {
	c.broken = true
	g.open--
	// It would be reported for ever.
	if removed := g.poller.Remove(c.fd); removed != nil {
		g.errors.note(removed)
	}
	if c.count == 0 && g.phase >= draining {
		return
	}
	*counter++
	g.errors.Unanswered += int64(c.count)
	if c.count > 0 {
		err = fmt.Errorf("%s: %w (%d requests in flight)", c.data.describe(c.flight[c.oldest]), err, c.count)
	}
	g.errors.note(err)
}

func (g *generator) close() {
	for _, c := range g.conns {
		_ = sock.System.Close(c.fd) // nothing is written that could still fail
	}
	_ = g.poller.Close()
}
