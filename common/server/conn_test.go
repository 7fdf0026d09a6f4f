package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/common/session"
	"github.com/ioflavors/ioflavors/common/sock"
)

// fakeConn is a connection without a socket, in fake time.
type fakeConn struct {
	Conn
	timer time.Duration
	fin   bool
	buf   []byte // where to read to; nil: the lane's buffer
}

func (c *fakeConn) SetTimer(at time.Duration) { c.timer = at }
func (c *fakeConn) Interrupt()                { c.timer = 0 }
func (c *fakeConn) CloseWrite() error         { c.fin = true; return nil }

func open(core *Core) *fakeConn {
	c := &fakeConn{timer: noTimer}
	core.Lane(0).Open(&c.Conn, c, core.Admit())
	return c
}

// receive hands bytes to the connection, as if they had been read.
func (c *fakeConn) receive(s string) {
	for len(s) > 0 {
		buf := c.buf
		if buf == nil {
			buf = c.Buffer()
		}
		n := copy(buf, s)
		s = s[n:]
		c.HandleReadFrom(buf, n, nil)
	}
}

// flush takes the whole output, as if it had been written.
func (c *fakeConn) flush() string {
	out := string(c.Output())
	c.HandleWrite(len(out), nil)
	return out
}

// sleep lets up to d pass, and calls HandleTimeout when the connection's timer runs
// out. It returns when the connection was over, or d.
func (c *fakeConn) sleep(core *Core, d time.Duration) time.Duration {
	start := core.Since()
	for c.Wants() != 0 {
		next := min(c.timer, start+d)
		time.Sleep(max(0, next-core.Since()))
		if next == start+d {
			return d
		}
		c.timer = noTimer
		c.HandleTimeout(core.Since())
	}
	return core.Since() - start
}

// bubble runs a test in fake time.
func bubble(t *testing.T, l Limits, test func(t *testing.T, core *Core)) {
	synctest.Test(t, func(t *testing.T) {
		quiet := slog.New(slog.DiscardHandler)
		core := NewCore(Config{Limits: l, Logger: quiet}, Traits{}, 1)
		test(t, core)
	})
}

func request(kind uint32, key, value string) string {
	out, mark := frame.Begin(nil)
	out = kv.AppendMessage(out, kv.Message{Key: []byte(key), Value: []byte(value), Kind: kind})
	return string(frame.End(out, mark))
}

// closed closes the connection and returns the only reason that was counted.
func (c *fakeConn) closed(t *testing.T, core *Core) string {
	t.Helper()
	before := core.Lifecycle(nil).Stats()
	c.Closed()
	after := core.Lifecycle(nil).Stats()
	assert.Equal(t, before.Active-1, after.Active)
	if after.Active == 0 {
		assert.Zero(t, after.BufferBytes)
	}
	for reason, n := range after.Closed {
		if n > before.Closed[reason] {
			return reason
		}
	}
	return "none"
}

func TestAnIdleClientIsClosedAfterTheIdleTimeout(t *testing.T) {
	bubble(t, Limits{IdleTimeout: time.Minute}, func(t *testing.T, core *Core) {
		c := open(core)
		assert.Equal(t, 59*time.Second, c.sleep(core, 59*time.Second))
		c.receive(request(kv.Get, "k", ""))
		c.flush()
		assert.Equal(t, time.Minute, c.sleep(core, time.Hour), "from the last byte")
		assert.Equal(t, "idle", c.closed(t, core))
	})
}

func TestAFrameHasAnAbsoluteDeadline(t *testing.T) {
	bubble(t, Limits{FrameTimeout: 10 * time.Second}, func(t *testing.T, core *Core) {
		c := open(core)
		c.sleep(core, 30*time.Second)
		start := core.Since()
		for _, b := range "\x00\x01\x00\x00" + strings.Repeat("x", 100) { // a byte a second
			if c.Wants() == 0 {
				break
			}
			c.receive(string(b))
			c.sleep(core, time.Second)
		}
		assert.Equal(t, 10*time.Second, core.Since()-start)
		assert.Equal(t, "slow-frame", c.closed(t, core))
	})
}

// Found on the fake kernel: when the next frame of a slow reader was late, the client
// lost its unsent replies.
func TestALateFrameDoesNotCostTheRepliesBeforeIt(t *testing.T) {
	bubble(t, Limits{FrameTimeout: time.Second, WriteTimeout: 10 * time.Second}, func(t *testing.T, core *Core) {
		r := request(kv.Get, "k", "")
		c := open(core)
		c.receive(r + r[:5])
		assert.Equal(t, 2*time.Second, c.sleep(core, 2*time.Second), "it still has a reply to get")
		assert.NotEmpty(t, c.flush())
		assert.Zero(t, c.sleep(core, time.Hour).Truncate(time.Millisecond), "now it has")
		assert.Equal(t, ClosedSlowFrame.String(), c.closed(t, core))
	})
}

func TestEachFrameHasItsOwnDeadline(t *testing.T) {
	bubble(t, Limits{FrameTimeout: 10 * time.Second}, func(t *testing.T, core *Core) {
		c := open(core)
		r := request(kv.Get, "k", "")
		c.receive(r[:5])
		for range 20 { // every read ends a frame and begins the next
			require.Equal(t, 6*time.Second, c.sleep(core, 6*time.Second))
			c.receive(r[5:] + r[:5])
			c.flush()
		}
		assert.Equal(t, 10*time.Second, c.sleep(core, time.Hour))
		assert.Equal(t, "slow-frame", c.closed(t, core))
	})
}

func TestAClientThatTakesNothingIsClosed(t *testing.T) {
	bubble(t, Limits{WriteTimeout: 10 * time.Second}, func(t *testing.T, core *Core) {
		c := open(core)
		c.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 1000)) + request(kv.Get, "k", ""))
		for range 100 { // slow, but it makes progress
			require.Equal(t, 9*time.Second, c.sleep(core, 9*time.Second))
			c.HandleWrite(1, nil)
		}
		// Sending requests does not excuse it from taking replies.
		c.sleep(core, 5*time.Second)
		c.receive(request(kv.Get, "other", ""))
		c.HandleWrite(0, sock.ErrWouldBlock)
		assert.Equal(t, 5*time.Second, c.sleep(core, time.Hour))
		assert.Equal(t, "slow-reader", c.closed(t, core))
	})
}

func TestTheFrameDeadlineRestsWhileTheServerDoesNotRead(t *testing.T) {
	bubble(t, Limits{OutputLimit: 100, FrameTimeout: 10 * time.Second, WriteTimeout: time.Hour}, func(t *testing.T, core *Core) {
		c := open(core)
		c.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 200)) + request(kv.Get, "k", "") + request(kv.Get, "k", "")[:7])
		require.Equal(t, session.Write, c.Wants())
		require.Equal(t, time.Minute, c.sleep(core, time.Minute), "it is the server that does not read")
		c.flush()
		require.Equal(t, session.Read, c.Wants())
		assert.Equal(t, 10*time.Second, c.sleep(core, time.Hour))
		assert.Equal(t, "slow-frame", c.closed(t, core))
	})
}

func TestAnErrorReplyIsFollowedByAFINAndALinger(t *testing.T) {
	bubble(t, Limits{}, func(t *testing.T, core *Core) {
		c := open(core)
		c.receive("GET / HTTP/1.1\r\n\r\n")
		assert.False(t, c.fin, "before the reply is sent")
		assert.Contains(t, c.flush(), "frame too long")
		assert.True(t, c.fin)
		c.receive("more of it")
		assert.Equal(t, lingerTime, c.sleep(core, time.Hour))
		assert.Equal(t, "too-long", c.closed(t, core))
	})
}

// A socket's deadline that has passed makes every further call fail. So it must be
// replaced even if no clock runs any more. A server without time limits once spun on it
// after a turn had ended.
func TestADeadlineThatHasPassedIsReplaced(t *testing.T) {
	bubble(t, Limits{IdleTimeout: -1, WriteTimeout: -1}, func(t *testing.T, core *Core) {
		c := open(core)
		for _, event := range []func(){
			func() { c.HandleRead(0, os.ErrDeadlineExceeded) },
			func() { c.receive(request(kv.Get, "k", "")) },
			func() { c.HandleWrite(0, os.ErrDeadlineExceeded) },
		} {
			c.timer = 0
			event()
		}
		assert.Greater(t, c.timer, core.Since())
	})
}

func TestReasons(t *testing.T) {
	put := request(kv.PutOrUpdate, "k", "v")
	for want, do := range map[string]func(c *fakeConn){
		"peer":      func(c *fakeConn) { c.receive(put); c.flush(); c.HandleRead(0, io.EOF) },
		"truncated": func(c *fakeConn) { c.receive(put[:5]); c.HandleRead(0, io.EOF) },
		"broken":    func(c *fakeConn) { c.receive(put); c.HandleWrite(0, errors.New("reset")) },
		"protocol":  func(c *fakeConn) { c.receive("\x00\x00\x00\x00"); c.flush(); c.HandleRead(0, io.EOF) },
		"too-long":  func(c *fakeConn) { c.receive("GET / HTTP"); c.flush(); c.HandleRead(0, io.EOF) },
	} {
		t.Run(want, func(t *testing.T) {
			bubble(t, Limits{}, func(t *testing.T, core *Core) {
				c := open(core)
				do(c)
				assert.Zero(t, c.Wants())
				assert.Equal(t, want, c.closed(t, core))
			})
		})
	}
}

func TestBytesThatComeWithTheEOFAreAnswered(t *testing.T) {
	bubble(t, Limits{}, func(t *testing.T, core *Core) {
		c := open(core)
		c.HandleRead(copy(c.Buffer(), request(kv.PutOrUpdate, "k", "v")), io.EOF)
		assert.Equal(t, "\x07\x00\x00\x00\x18\x03@EOF@", c.flush())
		assert.Equal(t, "peer", c.closed(t, core))
	})
}

func TestOverMaxConnsClientsAreRefusedWithAReason(t *testing.T) {
	bubble(t, Limits{MaxConns: 2}, func(t *testing.T, core *Core) {
		first, second := open(core), open(core)
		var refused []*fakeConn
		for range maxRefused {
			c := open(core)
			refused = append(refused, c)
			assert.Contains(t, c.flush(), "all 2 connections are in use")
			assert.True(t, c.fin)
		}
		assert.Zero(t, open(core).Wants(), "too many to be told so")
		for _, c := range refused {
			c.HandleRead(0, io.EOF)
			assert.Equal(t, "refused", c.closed(t, core))
		}
		again := open(core)
		assert.Contains(t, again.flush(), "all 2 connections are in use", "the refused clients have left")
		again.Closed()

		second.HandleRead(0, io.EOF)
		second.closed(t, core)
		assert.Equal(t, session.Read, open(core).Wants(), "there is room again")
		assert.Equal(t, session.Read, first.Wants())
	})
}

// Found on the fake kernel: in a server that was older than its WriteTimeout, the
// refusal's reason counted as unsent since the server's start, and was never sent.
func TestAnOldServerRefusesWithAReasonToo(t *testing.T) {
	bubble(t, Limits{MaxConns: 1}, func(t *testing.T, core *Core) {
		time.Sleep(time.Hour)
		served, refused := open(core), open(core)
		assert.Contains(t, refused.flush(), "all 1 connections are in use")
		assert.True(t, refused.fin)
		refused.Closed()
		served.Closed()
	})
}

func TestPausesAreCounted(t *testing.T) {
	bubble(t, Limits{OutputLimit: 100}, func(t *testing.T, core *Core) {
		c := open(core)
		c.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 200)))
		c.flush()
		for range 3 {
			c.receive(request(kv.Get, "k", "") + request(kv.Get, "k", ""))
			c.receive(request(kv.Get, "k", "")) // the request was on its way
			c.flush()
			c.flush()
			c.flush()
		}
		assert.EqualValues(t, 3, core.Lifecycle(nil).Stats().Pauses)
	})
}

// A client that is not read is read again when it has taken three quarters of the limit, and
// not after each byte.
func TestAPauseEndsWhenAQuarterIsLeft(t *testing.T) {
	bubble(t, Limits{OutputLimit: 1000}, func(t *testing.T, core *Core) {
		c := open(core)
		c.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 100)))
		c.flush()
		c.receive(strings.Repeat(request(kv.Get, "k", ""), 20))
		require.True(t, c.Paused())
		answered := c.Answered()
		c.HandleWrite(len(c.Output())-251, nil)
		assert.True(t, c.Paused())
		assert.Equal(t, answered, c.Answered())
		c.HandleWrite(1, nil)
		assert.Greater(t, c.Answered(), answered)
	})
}

// Each request is counted once, even if it waited for room in a pause; so is each byte
// read or written.
func TestWhatIsAnsweredAfterAPauseIsCounted(t *testing.T) {
	bubble(t, Limits{OutputLimit: 100}, func(t *testing.T, core *Core) {
		put, get := request(kv.PutOrUpdate, "k", strings.Repeat("v", 200)), request(kv.Get, "k", "")
		in, out := len(put), 0
		c := open(core)
		c.receive(put)
		out += len(c.flush())
		for round := int64(1); round <= 100; round++ {
			c.receive(strings.Repeat(get, 3))
			in += 3 * len(get)
			require.True(t, c.Paused())
			require.EqualValues(t, 3*round-1, core.Lifecycle(nil).Stats().Requests, "one of three is answered")
			for len(c.Output()) > 0 {
				out += len(c.flush())
			}
			require.EqualValues(t, 3*round+1, core.Lifecycle(nil).Stats().Requests)
		}
		stats := core.Lifecycle(nil).Stats()
		assert.EqualValues(t, 100, stats.Pauses)
		assert.EqualValues(t, in, stats.BytesIn)
		assert.EqualValues(t, out, stats.BytesOut)
	})
}

func TestATurnEndsOnlyIfOthersWait(t *testing.T) {
	bubble(t, Limits{TurnLimit: 10 * time.Second, WriteTimeout: 5 * time.Second}, func(t *testing.T, core *Core) {
		others := false
		core.Lane(0).Others = func() bool { return others }
		c := open(core)
		busy := func() {
			c.sleep(core, 100*time.Millisecond)
			if c.Wants()&session.Read != 0 {
				c.receive(request(kv.Get, "k", ""))
				c.flush()
			}
		}
		for range 300 {
			busy()
		}
		require.Equal(t, session.Read, c.Wants(), "no client waits: it may stay")
		others = true
		came := core.Since()
		for !c.fin {
			busy()
		}
		assert.LessOrEqual(t, core.Since()-came, time.Second+100*time.Millisecond)
		assert.Equal(t, drainLinger, c.sleep(core, time.Hour))
		assert.Equal(t, "turn", c.closed(t, core))
	})
}

func TestAfterItsTurnAClientCannotStayByReadingSlowly(t *testing.T) {
	bubble(t, Limits{TurnLimit: 10 * time.Second, WriteTimeout: 5 * time.Second, OutputLimit: 1000}, func(t *testing.T, core *Core) {
		core.Lane(0).Others = func() bool { return true }
		c := open(core)
		c.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 900)) + strings.Repeat(request(kv.Get, "k", ""), 100))
		start := core.Since()
		for c.Wants() != 0 {
			c.sleep(core, time.Second)
			c.HandleWrite(min(1, len(c.Output())), nil)
			require.Less(t, core.Since()-start, time.Minute)
		}
		assert.InDelta(t, 15, (core.Since() - start).Seconds(), 1)
		assert.Equal(t, "turn", c.closed(t, core))
	})
}

// wakes is a model that only implements Wake.
type wakes struct{ Model }

func (wakes) Wake() {}

func TestShutdownAnswersWhatWasReceivedAndThenSendsAFIN(t *testing.T) {
	bubble(t, Limits{}, func(t *testing.T, core *Core) {
		busy, idle, half, stuck := open(core), open(core), open(core), open(core)
		busy.receive(request(kv.PutOrUpdate, "k", "v"))
		half.receive("\x07\x00")
		stuck.receive(request(kv.PutOrUpdate, "k", "v"))
		stuck.HandleWrite(0, sock.ErrWouldBlock)

		core.phase.Store(int32(Draining))
		for _, c := range []*fakeConn{busy, idle, half, stuck} {
			assert.True(t, c.Behind())
			c.HandleTimeout(core.Since())
			assert.False(t, c.Behind())
		}
		assert.NotEmpty(t, busy.flush())
		busy.receive(request(kv.PutOrUpdate, "k", "v")) // the request was on its way
		assert.NotEmpty(t, busy.flush())
		assert.False(t, busy.fin)

		assert.Equal(t, drainQuiet+drainLinger, busy.sleep(core, time.Hour))
		assert.True(t, busy.fin)
		assert.Equal(t, "shutdown", busy.closed(t, core))
		idle.sleep(core, time.Hour)
		assert.Equal(t, "shutdown", idle.closed(t, core))
		half.sleep(core, time.Hour)
		assert.Equal(t, "shutdown", half.closed(t, core))
		stuck.sleep(core, time.Second)
		assert.Equal(t, session.Write, stuck.Wants(), "it is up to Shutdown's context to give up")

		core.phase.Store(int32(Closing))
		stuck.HandleTimeout(core.Since())
		assert.Zero(t, stuck.Wants())
		assert.Equal(t, "killed", stuck.closed(t, core))
	})
}

func TestAClientThatNeverPausesCannotHoldUpShutdown(t *testing.T) {
	bubble(t, Limits{}, func(t *testing.T, core *Core) {
		c := open(core)
		core.phase.Store(int32(Draining))
		start := core.Since()
		for !c.fin {
			c.receive(request(kv.Get, "k", ""))
			require.NotEmpty(t, c.flush(), "the received requests are answered")
			c.sleep(core, time.Millisecond)
			require.Less(t, core.Since()-start, 10*time.Second)
		}
		assert.InDelta(t, drainBusy.Seconds(), (core.Since() - start).Seconds(), 0.05)
	})
}

// Requests that a client had sent before the shutdown were once dropped if the server
// could not answer them within half a second.
func TestShutdownAnswersABacklogHoweverLongItTakes(t *testing.T) {
	bubble(t, Limits{}, func(t *testing.T, core *Core) {
		const reads = 100
		put := request(kv.PutOrUpdate, "k", strings.Repeat("v", 100))
		puts := reads*readSize/len(put) + 10
		stream := strings.Repeat(put, puts)

		c := open(core)
		core.phase.Store(int32(Draining))
		for len(stream) > readSize {
			n := readSize - 20_000 // receive queues seldom fill a buffer
			c.receive(stream[:n])
			stream = stream[n:]
			c.flush()
			c.sleep(core, 15*time.Millisecond) // the server is slow
			require.False(t, c.fin)
		}
		c.receive(stream)
		c.flush()
		c.sleep(core, time.Hour)
		assert.True(t, c.fin)
		assert.EqualValues(t, puts, c.Answered())
		assert.Equal(t, "shutdown", c.closed(t, core))
	})
}

// Requests that a client sent before the shutdown count as received, even if the server
// does not read them yet because the client takes its replies slowly.
func TestShutdownReadsOnWhenAPauseEnds(t *testing.T) {
	l := Limits{OutputLimit: 100, WriteTimeout: time.Hour, IdleTimeout: time.Hour}
	bubble(t, l, func(t *testing.T, core *Core) {
		get := request(kv.Get, "k", "")
		c := open(core)
		c.receive(request(kv.PutOrUpdate, "k", strings.Repeat("v", 200)) + strings.Repeat(get, 3))
		require.True(t, c.Paused())
		core.enter(Draining)
		c.HandlePhase()
		require.Equal(t, time.Minute, c.sleep(core, time.Minute), "it is waited for")
		for len(c.Output()) > 0 {
			c.flush()
		}
		require.Equal(t, session.Read, c.Wants(), "there may be more in the socket")
		c.receive(get)
		assert.NotEmpty(t, c.flush())
		c.sleep(core, time.Second)
		assert.True(t, c.fin)
		assert.Equal(t, ClosedShutdown.String(), c.closed(t, core))
	})
}

// A client whose request was waiting to be read was once closed at once if it had been
// silent before: its silence was counted from its last request.
func TestASilenceBeforeTheShutdownMeansNothing(t *testing.T) {
	bubble(t, Limits{}, func(t *testing.T, core *Core) {
		c := open(core)
		c.sleep(core, 10*time.Second)
		core.phase.Store(int32(Draining))
		c.HandleTimeout(core.Since())
		require.False(t, c.fin)
		c.receive(request(kv.PutOrUpdate, "k", "v"))
		assert.NotEmpty(t, c.flush())
	})
}

// Found on the fake kernel: at shutdown, a client that was accepted in a long iteration
// was taken to have been silent since the iteration's beginning.
func TestAClientThatIsAcceptedInALongIterationIsHeard(t *testing.T) {
	bubble(t, Limits{}, func(t *testing.T, core *Core) {
		core.Lane(0).Tick()
		time.Sleep(time.Second)
		core.phase.Store(int32(Draining))
		c := open(core)
		core.Lane(0).Tick()
		c.HandleTimeout(core.Since())
		assert.False(t, c.Lingering())
		c.Closed()
	})
}

// Whatever happens to a connection, and however long it takes, the connection is
// checked again before its first clock runs out.
func TestNoClockRunsOutUnseen(t *testing.T) {
	limits := Limits{IdleTimeout: 60 * time.Millisecond, FrameTimeout: 20 * time.Millisecond, WriteTimeout: 30 * time.Millisecond, OutputLimit: 2000}
	put, get := request(kv.PutOrUpdate, "k", strings.Repeat("v", 300)), request(kv.Get, "k", "")
	for seed := range uint64(300) {
		bubble(t, limits, func(t *testing.T, core *Core) {
			random := rand.New(rand.NewPCG(seed, 0))
			c := open(core)
			var rest string // the rest of the incomplete frame
			for range 100 {
				switch random.IntN(4) {
				case 0:
					frames := rest + strings.Repeat(put+get, random.IntN(3))
					rest = get
					if cut := random.IntN(len(rest)); cut > 0 {
						frames, rest = frames+rest[:cut], rest[cut:]
					} else {
						rest = ""
					}
					if c.Wants()&session.Read == 0 {
						continue
					}
					c.receive(frames)
				case 1:
					if out := len(c.Output()); out > 0 {
						c.HandleWrite(1+random.IntN(out), nil)
					}
				case 2:
					c.HandleWrite(0, sock.ErrWouldBlock)
				default:
					c.sleep(core, time.Duration(random.IntN(15))*time.Millisecond)
				}
				if c.Wants() == 0 {
					break
				}
				if at, clock := c.due(); c.Conn.timer > max(at, core.Since()+1) {
					t.Fatalf("seed %d: clock %d runs out at %v, and it is looked at at %v", seed, clock, at, c.Conn.timer)
				}
			}
			c.Closed()
		})
	}
}

// Bytes that were read into the lane's buffer, because ReadBuffer had no memory, are
// taken from there, even if memory has become free meanwhile.
func TestHandleReadTakesWhatWasReadToTheBufferThatItGave(t *testing.T) {
	put := request(kv.PutOrUpdate, "k", strings.Repeat("v", 1<<20-100))
	bubble(t, Limits{MemoryLimit: 1 << 22}, func(t *testing.T, core *Core) {
		c := open(core)
		c.receive(put[:64<<10])
		var others [][]byte
		for size := 1 << 21; size >= 1<<13; size /= 2 {
			if b := core.Buffers().Get(size); b != nil {
				others = append(others, b)
			}
		}
		require.Nil(t, core.Buffers().Get(1<<13), "all of it")
		buf := c.Buffer()
		n := copy(buf, put[64<<10:])
		for _, b := range others {
			core.Buffers().Put(b)
		}
		c.HandleRead(n, nil)
		c.receive(put[64<<10+n:])
		assert.Equal(t, uint64(1), c.Answered())
		c.receive(request(kv.Get, "k", ""))
		assert.True(t, strings.Contains(c.flush(), put[1000:1<<20-1000]), "the value that was put")
		c.Closed()
	})
}

// A server that was stopped for a while finds its clocks run out. A client that has
// sent or taken bytes meanwhile is not late.
func TestNobodyIsJudgedUnheard(t *testing.T) {
	l := Limits{IdleTimeout: time.Second, FrameTimeout: time.Second, WriteTimeout: time.Second}
	get := request(kv.Get, "k", "")
	t.Run("after writing", func(t *testing.T) {
		bubble(t, l, func(t *testing.T, core *Core) {
			c := open(core)
			c.receive(get + get[:5])
			time.Sleep(time.Minute)
			c.flush()
			assert.NotZero(t, c.Wants(), "the rest of the frame may be there")
			c.receive(get[5:])
			assert.NotEmpty(t, c.flush())
			c.Closed()
		})
	})
	t.Run("before writing", func(t *testing.T) {
		bubble(t, l, func(t *testing.T, core *Core) {
			c := open(core)
			c.receive(get)
			time.Sleep(time.Minute)
			c.receive(get)
			assert.NotZero(t, c.Wants(), "there may be room")
			c.HandleWrite(0, sock.ErrWouldBlock)
			assert.Zero(t, c.Wants(), "there is none")
			c.Closed()
		})
	})
	t.Run("after a read that filled the buffer", func(t *testing.T) {
		bubble(t, l, func(t *testing.T, core *Core) {
			c := open(core)
			c.receive(get[:5])
			time.Sleep(time.Minute)
			c.buf = make([]byte, 1)
			c.receive(get[5:6])
			c.HandleTimeout(core.Since())
			assert.NotZero(t, c.Wants(), "there may be more")
			c.HandleRead(0, sock.ErrWouldBlock)
			assert.Zero(t, c.Wants(), "there is none")
			c.Closed()
		})
	})
	t.Run("unless it is not to be read", func(t *testing.T) {
		// Found on the fake kernel: the connection asked to be judged again at once,
		// forever.
		bubble(t, Limits{OutputLimit: 10}, func(t *testing.T, core *Core) {
			c := open(core)
			all := get + get + get
			c.buf = make([]byte, len(all))
			c.receive(all)
			assert.Equal(t, session.Write, c.Wants(), "paused, after a read that filled the buffer")
			core.phase.Store(int32(Draining))
			c.HandlePhase()
			c.sleep(core, time.Hour)
			assert.Zero(t, c.Wants(), "it took nothing")
			c.Closed()
		})
	})
	t.Run("nor looked at all the time while it is written to", func(t *testing.T) {
		bubble(t, Limits{}, func(t *testing.T, core *Core) {
			c := open(core)
			c.receive(get)
			core.phase.Store(int32(Draining))
			c.HandlePhase()
			time.Sleep(drainBusy)
			c.HandleWrite(0, os.ErrDeadlineExceeded) // as a blocking write does
			assert.GreaterOrEqual(t, c.timer, core.Since()+drainQuiet)
			assert.False(t, c.fin)
			c.flush()
			c.sleep(core, time.Hour)
			assert.True(t, c.fin)
			c.Closed()
		})
	})
	t.Run("since the beginning of a long iteration", func(t *testing.T) {
		bubble(t, l, func(t *testing.T, core *Core) {
			lane := core.Lane(0)
			c := open(core)
			lane.Tick()
			time.Sleep(time.Minute)
			c.receive(get)
			c.flush()
			asked := lane.EndIteration()
			lane.Tick()
			c.HandleTimeout(asked)
			assert.NotZero(t, c.Wants())
			assert.Equal(t, time.Second, c.sleep(core, time.Hour))
			c.Closed()
		})
	})
}

func TestLifecycleBeforeServe(t *testing.T) {
	core := NewCore(Config{}, Traits{}, 1)
	l := core.Lifecycle(wakes{})
	require.NoError(t, l.Shutdown(context.Background()))
	require.NoError(t, l.Close())
	require.NoError(t, l.Close())
	ln, err := Listen(t.Context(), "127.0.0.1:0")
	require.NoError(t, err)
	assert.ErrorIs(t, l.Serve(ln), ErrServerClosed)
	assert.ErrorIs(t, l.ListenAndServe("127.0.0.1:0"), ErrServerClosed)
	_, err = ln.Accept()
	assert.Error(t, err, "Serve closes the listener in any case")
}
