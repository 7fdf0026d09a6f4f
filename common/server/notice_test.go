package server

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
	"github.com/ioflavors/ioflavors/common/store"
)

// logged runs a test in fake time with a core that logs everything.
func logged(t *testing.T, cfg Config, test func(core *Core, log *strings.Builder)) {
	synctest.Test(t, func(t *testing.T) {
		log := new(strings.Builder)
		cfg.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		test(NewCore(cfg, Traits{}, 1), log)
	})
}

// wantLines checks a log of an event that happened n times in each second: one line a
// second, and each line says how many lines were suppressed in the last second.
func wantLines(t *testing.T, log, what string, seconds, n int) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(log), "\n")
	if !assert.Len(t, lines, seconds, log) {
		return
	}
	for i, line := range lines {
		assert.Contains(t, line, what)
		suppressed := n - 1
		if i == 0 {
			suppressed = 0
		}
		assert.Contains(t, line, fmt.Sprintf("suppressed=%d", suppressed))
	}
}

// explosive is a store that panics at each request.
type explosive struct{ store.Store }

func (explosive) Append(dst, key []byte) ([]byte, bool, error) { panic("a bug") }

// A line of the log has the number of connections that are open, without those that are
// closed.
func TestALineCountsTheOpenConnections(t *testing.T) {
	logged(t, Config{}, func(core *Core, log *strings.Builder) {
		first, second := open(core), open(core)
		first.HandleRead(0, io.EOF)
		first.Closed()
		synctest.Wait()
		log.Reset()
		second.HandleRead(0, errors.New("reset"))
		second.Closed()
		synctest.Wait()
		assert.Contains(t, log.String(), "connections=1 ")
	})
}

// Whatever ends a client's connection, the log says so, and why. For many connections
// it does so once a second, with the number of suppressed lines.
func TestEveryReasonHasALineAndItComesOnceASecond(t *testing.T) {
	const n, seconds = 100, 3
	put, get := request(kv.PutOrUpdate, "k", "v"), request(kv.Get, "k", "")
	tried := map[Reason]bool{}
	for _, end := range []struct {
		reason Reason
		says   string
		do     func(core *Core, c *fakeConn)
	}{
		{ClosedByPeer, "", func(_ *Core, c *fakeConn) { c.HandleRead(0, io.EOF) }},
		{ClosedDone, "", func(_ *Core, c *fakeConn) { c.receive("quit"); c.HandleRead(0, io.EOF) }},
		{ClosedTruncated, "", func(_ *Core, c *fakeConn) { c.receive(put[:5]); c.HandleRead(0, io.EOF) }},
		{ClosedBroken, "reset", func(_ *Core, c *fakeConn) { c.receive(put); c.HandleWrite(0, errors.New("reset")) }},
		{ClosedFailed, "setsockopt", func(_ *Core, c *fakeConn) { c.HandleRead(0, fmt.Errorf("setsockopt: %w", syscall.ENOMEM)) }},
		{ClosedProtocol, "", func(_ *Core, c *fakeConn) { c.receive("\x00\x00\x00\x00") }},
		{ClosedTooLong, "", func(_ *Core, c *fakeConn) { c.receive("GET / HTTP") }},
		{ClosedIdle, "", func(_ *Core, c *fakeConn) { c.expire(clockIdle, 0) }},
		{ClosedSlowFrame, "", func(_ *Core, c *fakeConn) { c.expire(clockFrame, 0) }},
		{ClosedSlowReader, "", func(_ *Core, c *fakeConn) { c.expire(clockWrite, 0) }},
		{ClosedMemory, "limit=", func(_ *Core, c *fakeConn) { c.Abort(session.ErrMemory); c.settle(0, 0) }},
		{ClosedTurn, "", func(_ *Core, c *fakeConn) { c.finish(ClosedTurn, never) }},
		{ClosedRefused, "all 1 connections are in use", func(core *Core, _ *fakeConn) { open(core).Closed() }},
		{ClosedPanic, "stack=", func(_ *Core, c *fakeConn) { c.receive(get) }},
		{ClosedShutdown, "", func(_ *Core, c *fakeConn) { c.finish(ClosedShutdown, never) }},
		{ClosedKilled, "", func(_ *Core, _ *fakeConn) {}},
	} {
		tried[end.reason] = true
		t.Run(end.reason.String(), func(t *testing.T) {
			if end.reason == ClosedFailed && !sock.Supported {
				t.Skip("this system's errors are not known")
			}
			logged(t, Config{Protocol: quitting{kv.New(kv.Config{Store: explosive{store.New(0)}})}, Limits: Limits{MaxConns: 1}}, func(core *Core, log *strings.Builder) {
				for range seconds {
					for range n {
						c := open(core)
						if end.do(core, c); end.reason == ClosedRefused { // another connection was refused
							c.HandleRead(0, io.EOF)
						}
						c.Closed()
					}
					time.Sleep(time.Second)
				}
				synctest.Wait() // until the log is written
				var about strings.Builder
				for line := range strings.Lines(log.String()) {
					if strings.Contains(line, "reason="+end.reason.String()+" ") {
						about.WriteString(line)
					}
				}
				wantLines(t, about.String(), end.says, seconds, n)
			})
		})
	}
	assert.Len(t, tried, int(reasons), "each reason")
}

// quitting is the key/value protocol with a request to quit.
type quitting struct{ *kv.Protocol }

func (q quitting) Open() session.Handler { return quittingHandler{q.Handler} }

type quittingHandler struct{ session.Handler }

func (h quittingHandler) Serve(out, in []byte, max, limit int) ([]byte, int, int, int, error) {
	if string(in) == "quit" {
		return append(out, "bye"...), len(in), 1, 0, session.Done
	}
	return h.Handler.Serve(out, in, max, limit)
}

// The same holds for events that do not end a connection.
func TestLinesAboutManyClientsComeOnceASecond(t *testing.T) {
	for what, happen := range map[string]func(core *Core){
		"accept failed":       func(core *Core) { core.AcceptFailed(syscall.EMFILE, time.Second) },
		"waiting failed":      func(core *Core) { core.WaitFailed(syscall.ENOMEM, time.Second) },
		"client is served so": func(core *Core) { core.ServedOtherwise("so", syscall.EMFILE) },
		"the store is full":   func(core *Core) { core.session.Protocol.(*kv.Protocol).Failed(store.ErrFull) },
		"on fire":             func(core *Core) { core.session.Protocol.(*kv.Protocol).Failed(errors.New("the disk is on fire")) },
	} {
		t.Run(what, func(t *testing.T) {
			logged(t, Config{}, func(core *Core, log *strings.Builder) {
				for range 3 {
					for range 100 {
						happen(core)
					}
					time.Sleep(time.Second)
				}
				synctest.Wait()
				wantLines(t, log.String(), what, 3, 100)
			})
		})
	}
}

// A refused client was once told which control group's limit was reached.
func TestARefusalsDetailsAreForTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := new(strings.Builder)
		lack := func() string { return "no thread is left (pids.max of the control group /secret)" }
		core := NewCore(Config{Logger: slog.New(slog.NewTextHandler(log, nil))}, Traits{Admit: lack}, 1)
		c := open(core)
		reply := c.flush()
		assert.Contains(t, reply, "no thread is left")
		assert.NotContains(t, reply, "secret")
		c.Closed()
		synctest.Wait()
		assert.Contains(t, log.String(), "no thread is left (pids.max of the control group /secret)")
	})
}
