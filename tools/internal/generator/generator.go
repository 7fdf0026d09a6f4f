package generator

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/eventloop/poller"
	"github.com/ioflavors/ioflavors/tools/internal/generator/dataset"
	"github.com/ioflavors/ioflavors/tools/internal/generator/meter"
	"github.com/ioflavors/ioflavors/tools/internal/generator/wire"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

// readSize is the most that one read takes, in bytes.
const readSize = 256 << 10

// phase is the progress of a run. It only grows.
type phase uint8

const (
	warming   phase = iota // loading, not measuring
	measuring              // the window is open
	draining               // no more requests become due; waiting for the last replies
	over
)

// generator is a run: one thread, its connections, and its counters.
type generator struct {
	cfg      Config
	source   *dataset.Source
	schedule *schedule // nil in the closed loop
	poller   *poller.Poller
	alarm    alarm
	conns    []*conn
	byFD     []*conn
	open     int // connections that are not broken
	served   int // connections that have got a reply

	phase  phase
	until  time.Duration // when warming, measuring or draining ends
	check  time.Duration // when to look for timeouts again
	clock  time.Time     // the zero of the generator's clock
	read   time.Duration // when the bytes now being parsed were read
	pauses pauses
	window *window
	root   fs.FS // of the system's root, for the cgroups
	// throttled is the throttling of this process's cgroups before the window.
	throttled map[string]meter.Throttling
	errors    load.Errors

	requests    int64 // right replies since the start
	outstanding int   // requests that are due and not answered
	backlog     int   // the outstanding requests that are not sent yet

	in, out []byte // shared by all connections, within one iteration of the loop
	large   bool   // one message may be longWork
}

// maxBacklog is the most requests that may be due and not sent; further ones
// count as unsent.
const maxBacklog = 1 << 20

// conn is a connection, with its socket.
type conn struct {
	pipeline
	fd      int
	writing bool // watched for writability
	broken  bool
}

// newGenerator connects. The caller must close the generator.
func newGenerator(ctx context.Context, cfg Config, codec wire.Codec, source *dataset.Source) (*generator, error) {
	p, err := poller.New(min(cfg.Connections, 1024))
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	g := &generator{
		cfg:    cfg,
		source: source,
		poller: p,
		window: newWindow(cfg.Duration),
		root:   os.DirFS("/"),
		in:     make([]byte, readSize),
		large:  codec.MaxReply() > longWork,
	}
	if cfg.Open() {
		g.schedule = newSchedule(cfg.Workload, cfg.Seed)
		if g.alarm, err = newAlarm(p); err != nil {
			g.close()
			return nil, fmt.Errorf("load: %w", err)
		}
	}
	if err := g.connectAll(ctx, codec); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

// run loads the server until the run's time is over, ctx is done, or no
// connection is left. It runs on the generator's thread.
func (g *generator) run(ctx context.Context) error {
	g.clock = time.Now()
	g.until = g.warmup()
	for _, c := range g.conns {
		if g.schedule == nil || c.settingUp() {
			g.request(c)
		}
	}
	var woke time.Duration
	worked := false
	for {
		now := g.now()
		if worked && g.phase < draining {
			g.window.busy += now - woke
		}
		if now >= g.check {
			g.expire(now)
			g.check = now + min(100*time.Millisecond, g.cfg.ReplyTimeout/4)
			if live := g.cfg.Live; live != nil {
				live.publish(g)
			}
		}
		if g.advance(now); g.phase == over {
			return nil
		}
		if err := ctx.Err(); err != nil {
			g.endWindow(now)
			return err
		}
		timeout, err := g.pollTimeout()
		if err != nil {
			return err
		}
		events, err := g.poller.Wait(timeout)
		if err != nil {
			return err
		}
		woke = g.now()
		worked = len(events) > 0
		for _, ev := range events {
			c := g.connOf(ev.FD)
			if c == nil {
				continue // the alarm, whose descriptor may have any number
			}
			if ev.Ready&session.Write != 0 && c.writing && !c.broken {
				g.flush(c, c.out)
			}
			if ev.Ready&session.Read != 0 && !c.broken {
				g.receive(c)
			}
		}
		if g.schedule != nil && g.phase < draining {
			worked = g.dispatch(g.now()) || worked
		}
	}
}

// connOf returns the connection with that descriptor, or nil.
func (g *generator) connOf(fd int) *conn {
	if fd >= len(g.byFD) {
		return nil
	}
	return g.byFD[fd]
}

// pollTimeout returns how long there is nothing to do but wait for the sockets.
func (g *generator) pollTimeout() (time.Duration, error) {
	now := g.now()
	wait := min(g.until, g.check, now+maxSleep) - now
	switch {
	case g.schedule == nil || g.phase == draining:
		if wait <= 0 {
			return 0, nil
		}
		g.pauses.wake = now + wait + rounding
		return wait, nil
	case g.cfg.Spin:
		return 0, nil
	}
	wait = min(wait, g.schedule.due-now)
	g.pauses.wake = now + wait
	return g.alarm.pollTimeout(wait)
}

// hasDue reports whether a due request has not yet been handed to its
// connection.
func (g *generator) hasDue(now time.Duration) bool {
	return g.schedule.due <= now && (g.phase != measuring || g.schedule.due < g.until)
}

// maxDispatch is the most requests handed over in one iteration. After a stop of the
// generator billions may be due, but the iteration must end, because the generator
// checks for an interrupt only between iterations.
const maxDispatch = 1 << 16

// dispatch hands the requests that are due by now to their connections, at most
// maxDispatch. It reports whether there were any.
func (g *generator) dispatch(now time.Duration) (any bool) {
	g.tally(now)
	for range maxDispatch {
		if !g.hasDue(now) {
			break
		}
		due := g.schedule.next()
		any = true
		counts := g.phase == measuring && due >= g.window.began
		if counts {
			g.window.offered++
			if g.pauses.delay > 0 {
				load.Record(g.window.touched, g.pauses.delay)
			}
		}
		c := g.conns[g.schedule.pick(len(g.conns))]
		if c.broken || g.backlog >= maxBacklog {
			if counts {
				g.window.unsent++
			}
			continue
		}
		g.outstanding++
		g.backlog++
		g.window.inFlightSum += float64(now - due)
		c.waiting.push(due)
		if c.room() > 0 {
			g.request(c)
		}
	}
	if !g.hasDue(g.pauses.looked) { // a look in this iteration, which may have found a pause
		g.pauses.settle(g.backlog)
	}
	return any
}

// tally adds up the number of due and unanswered requests, from moment to
// moment.
func (g *generator) tally(now time.Duration) {
	g.window.inFlightSum += float64(g.outstanding) * float64(now-g.window.tallied)
	g.window.tallied = now
}

// advance moves to the next phase when it is time.
func (g *generator) advance(now time.Duration) {
	if g.open == 0 {
		g.endWindow(now)
		g.phase = over
	}
	if g.phase == warming && now >= g.until {
		g.throttled = meter.ReadThrottling(g.root)
		g.cfg.Begin()
		g.phase = measuring
		g.window.begin(now, g.resume())
		if g.schedule != nil {
			g.schedule.shift(g.window.beginPause)
		}
		g.until = g.window.began + g.cfg.Duration
	}
	enough := g.cfg.Requests > 0 && g.window.requests >= g.cfg.Requests
	if g.phase == measuring && (now >= g.until || enough) {
		if g.schedule != nil {
			if g.dispatch(now); g.hasDue(now) {
				return // in the next iteration
			}
		}
		g.endWindow(now)
		g.drain()
	}
	if g.phase == draining && (g.drained() || now >= g.until) {
		g.phase = over
		g.readAll()
	}
}

func (g *generator) endWindow(now time.Duration) {
	if g.phase == measuring {
		g.tally(now)
		g.window.end(now)
		g.window.throttled = meter.ThrottledSince(g.throttled, meter.ReadThrottling(g.root))
		g.cfg.End()
		g.window.endPause = g.resume() - now
	}
}

// drain stops making requests due. The requests that are due already are sent,
// and their replies are awaited for some time.
func (g *generator) drain() {
	if g.phase < draining {
		g.phase, g.until = draining, g.now()+g.cfg.Drain
		if g.schedule == nil {
			g.until = maxRun // expire ends the wait
		}
	}
}

// maxRun is a time that is never reached.
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

// receive reads replies once, and makes the requests that they leave room
// for. The poller reports the unread rest again. receive reports whether
// there was something to read.
func (g *generator) receive(c *conn) (any bool) {
	room := c.readBuffer(g.in)
	n, err := sock.System.Read(c.fd, room)
	switch {
	case err == sock.ErrWouldBlock:
		return false
	case err == io.EOF:
		err = errClosed
	}
	if err == nil {
		g.read = g.now()
		g.tally(g.read)
		first := c.answered == 0
		if c.room() == 0 {
			c.roomAt = g.read
		}
		err = g.feed(&c.pipeline, room[:n])
		if g.large {
			g.resume()
		}
		if first && c.answered > 0 {
			g.served++
		}
	}
	if err != nil {
		counter := &g.errors.Broken
		if errors.Is(err, wire.ErrWrongReply) {
			counter = &g.errors.Wrong
		}
		g.fail(c, counter, err)
		return true
	}
	if g.phase < draining || g.phase == draining && c.waiting.len() > 0 {
		g.request(c)
	}
	return true
}

// request makes the requests that are due and have room on the connection,
// and sends them. In the closed loop they are due now, and so are those that set up
// the connection.
func (g *generator) request(c *conn) {
	buf := g.out[:0]
	if c.writing {
		buf = c.out
	}
	now := g.now()
	for n := 1; c.room() > 0; n++ {
		if n%lookEvery == 0 {
			now = g.now()
		}
		r := request{due: now, sent: now}
		if g.schedule != nil && !c.settingUp() {
			if c.waiting.len() == 0 {
				break
			}
			r.due = c.waiting.pop()
			g.backlog--
			g.window.countLag(r, c.roomAt)
		} else {
			g.outstanding++
		}
		var more bool
		if r.Request, more = g.source.Next(&c.next); !more {
			g.outstanding--
			g.drain()
			break
		}
		buf = c.appendRequest(buf, r)
	}
	if !c.writing {
		g.out = buf
	}
	g.flush(c, buf)
}

// flush sends buf; the rest that the socket does not take waits in c.out.
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
	if len(buf) > longWork {
		g.resume()
	}
	writing := len(c.out) > 0
	if writing == c.writing {
		return
	}
	c.writing = writing
	interest := session.Read
	if writing {
		interest |= session.Write
	}
	if err := g.poller.Modify(c.fd, interest); err != nil {
		g.fail(c, &g.errors.Broken, err)
	}
}

func (g *generator) close() {
	for _, c := range g.conns {
		_ = sock.System.Close(c.fd) // no written data can still fail
	}
	g.alarm.close()
	_ = g.poller.Close()
}
