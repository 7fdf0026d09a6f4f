//go:build unix

package generator_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/frame"
	"github.com/ioflavors/ioflavors/common/kv"
	"github.com/ioflavors/ioflavors/tools/internal/generator"
	"github.com/ioflavors/ioflavors/tools/internal/load"
)

func config(s *server) generator.Config {
	return generator.Config{
		Addr:     s.addr,
		Workload: workload(4, 3),
		Warmup:   10 * time.Millisecond,
		Duration: 200 * time.Millisecond,
		Seed:     1,
	}
}

func workload(connections, depth int) load.Workload {
	w := load.DefaultWorkload()
	w.Connections, w.Depth, w.Keys = connections, depth, 100
	return w
}

func TestRunRightServer(t *testing.T) {
	s := new(server).start(t)
	cfg := config(s)
	var order []string
	cfg.Begin = func() { order = append(order, "begin") }
	cfg.End = func() { order = append(order, "end") }
	require.NoError(t, generator.Preload(t.Context(), cfg))
	assert.EqualValues(t, cfg.Keys, s.answered.Load())

	assert.Empty(t, order)
	r, err := generator.Run(t.Context(), cfg)
	for r.Response.P90 == 0 && cfg.Duration < time.Minute { // on a busy machine, too few replies for it
		cfg.Duration *= 4
		order = nil
		r, err = generator.Run(t.Context(), cfg)
	}
	require.NoError(t, err)
	require.NoError(t, r.Errors.Err())
	assert.Equal(t, []string{"begin", "end"}, order)
	assert.Equal(t, 4, r.Served)
	assert.Positive(t, r.Requests)
	assert.Less(t, r.Requests, s.answered.Load(), "warm-up is not counted")
	assert.InEpsilon(t, float64(r.Requests)/r.Seconds, r.Rate, 1e-9)
	assert.GreaterOrEqual(t, r.Seconds, cfg.Duration.Seconds())
	assert.True(t, r.Fairness > 0 && r.Fairness <= 1, r.Fairness)
	assert.True(t, 0 < r.Response.P50 && r.Response.P50 <= r.Response.P90 && r.Response.P90 <= r.Response.Max, r.Response)

	h, err := hdrhistogram.Decode([]byte(r.Response.Histogram))
	require.NoError(t, err)
	assert.Equal(t, r.Response.Max.Nanoseconds(), h.Max())
	assert.Equal(t, r.Requests, h.TotalCount())
	assert.Positive(t, r.InFlight)
	assert.Less(t, r.Generator.Busy, 1.1, "one thread; what it did when the window began may count as a whole")
	_, err = base64.StdEncoding.DecodeString(r.Response.Histogram)
	require.NoError(t, err)

	text, err := json.Marshal(r)
	require.NoError(t, err)
	var again load.Result
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, r, again)
}

// Every reply is found and right, for every seed and size, and however the
// replies are cut.
func TestRunShapes(t *testing.T) {
	for name, change := range map[string]func(*generator.Config){
		"one by one":    func(c *generator.Config) { c.Connections, c.Depth = 1, 1 },
		"empty values":  func(c *generator.Config) { c.MinValue, c.MaxValue = 0, 0 },
		"short values":  func(c *generator.Config) { c.MinValue, c.MaxValue = 1, 1 },
		"large values":  func(c *generator.Config) { c.MinValue, c.MaxValue, c.Keys, c.Connections = 300<<10, 300<<10, 20, 2 },
		"puts only":     func(c *generator.Config) { c.Puts = 1 },
		"gets only":     func(c *generator.Config) { c.Puts = 0 },
		"one key":       func(c *generator.Config) { c.Keys = 1 },
		"deep":          func(c *generator.Config) { c.Depth = 500 },
		"another seed":  func(c *generator.Config) { c.Seed = 99 },
		"no warming up": func(c *generator.Config) { c.Warmup = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			s := new(server).start(t)
			cfg := config(s)
			change(&cfg)
			require.NoError(t, generator.Preload(t.Context(), cfg))
			r, err := generator.Run(t.Context(), cfg)
			require.NoError(t, err)
			require.NoError(t, r.Errors.Err())
			assert.Equal(t, cfg.Connections, r.Served)
			assert.Positive(t, r.Requests)
		})
	}
}

func TestRunOverIPv6(t *testing.T) {
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6 here: %v", err)
	}
	s := new(server).startOn(t, ln)
	require.NoError(t, generator.Preload(t.Context(), config(s)))
	r, err := generator.Run(t.Context(), config(s))
	require.NoError(t, err)
	require.NoError(t, r.Errors.Err())
	assert.Positive(t, r.Requests)
}

// Replies that arrive byte by byte are reassembled.
func TestRunDribble(t *testing.T) {
	s := (&server{behave: func(s *server, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			body, err := readFrame(in)
			if err != nil {
				return
			}
			for _, b := range s.reply(body) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
			}
		}
	}}).start(t)
	cfg := config(s)
	require.NoError(t, generator.Preload(t.Context(), cfg))
	r, err := generator.Run(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, r.Errors.Err())
	assert.Positive(t, r.Requests)
}

// A server that answers only after it has read as many requests as may be in
// flight gets them, again and again. It then sends their replies all
// together.
func TestRunKeepsDepth(t *testing.T) {
	const depth = 7
	s := (&server{behave: func(s *server, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			var out []byte
			for range depth {
				body, err := readFrame(in)
				if err != nil {
					return
				}
				if !isGet(body) { // the preload ends with less than a batch
					_, _ = c.Write(s.reply(body))
					continue
				}
				out = append(out, s.reply(body)...)
			}
			if _, err := c.Write(out); err != nil {
				return
			}
		}
	}}).start(t)
	cfg := config(s)
	cfg.Depth, cfg.Puts = depth, 0
	require.NoError(t, generator.Preload(t.Context(), cfg))
	r, err := generator.Run(t.Context(), cfg)
	require.NoError(t, err)
	require.NoError(t, r.Errors.Err())
	assert.Greater(t, r.Requests, int64(depth))
}

// The other connections wait in the listen queue. That is no error, and they
// do not count as served. The server is free again afterwards.
func TestRunOneAtATime(t *testing.T) {
	s := (&server{serial: true}).start(t)
	cfg := config(s)
	cfg.MayWait = true
	for range 2 {
		require.NoError(t, generator.Preload(t.Context(), cfg))
		r, err := generator.Run(t.Context(), cfg)
		require.NoError(t, err)
		require.NoError(t, r.Errors.Err())
		assert.Equal(t, 1, r.Served)
		assert.InDelta(t, 0.25, r.Fairness, 1e-9)
	}

	cfg.MayWait, cfg.ReplyTimeout = false, 100*time.Millisecond
	r, err := generator.Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.EqualValues(t, 3, r.Errors.TimedOut, "without leave to wait it is an error")
}

func TestRunFaultyServers(t *testing.T) {
	type fault struct {
		behave func(s *server, c net.Conn)
		change func(*generator.Config)
		first  string
		check  func(t *testing.T, s *server, r load.Result)
	}
	// answer answers each get with the result of reply.
	answer := func(reply func(s *server, n int, body []byte) []byte) func(*server, net.Conn) {
		return func(s *server, c net.Conn) {
			in := bufio.NewReader(c)
			for n := 0; ; n++ {
				body, err := readFrame(in)
				if err != nil {
					return
				}
				out := s.reply(body)
				if isGet(body) { // the puts of the preload are answered rightly
					if out = reply(s, n, body); out == nil {
						return
					}
				}
				if _, err := c.Write(out); err != nil {
					return
				}
			}
		}
	}
	framed := func(m kv.Message) []byte {
		return kv.AppendFrame(nil, m)
	}
	allWrong := func(t *testing.T, _ *server, r load.Result) {
		assert.Positive(t, r.Errors.Wrong)
		assert.Zero(t, r.Requests)
	}
	var spoiled atomic.Int64

	for name, f := range map[string]fault{
		"wrong value now and then": {
			behave: answer(func(s *server, n int, body []byte) []byte {
				right := s.reply(body)
				if n%5 != 0 {
					return right
				}
				spoiled.Add(1)
				right[len(right)-len(frame.Footer)-len("\x18\x02")-1] ^= 1 // the value's last character
				return right
			}),
			first: "want {kind 2",
			check: func(t *testing.T, s *server, r load.Result) {
				assert.Equal(t, spoiled.Load(), r.Errors.Wrong, "each one, no more, no less")
				assert.Zero(t, r.Errors.Broken)
			},
		},
		"value of another key": {
			behave: answer(func(s *server, _ int, body []byte) []byte {
				m, _ := kv.Parse(body)
				other := bytes.Replace(m.Key, []byte("key:0000000000"), []byte("key:0000000001"), 1)
				return framed(kv.Message{Kind: kv.GetResponse, Key: m.Key, Value: other})
			}),
			first: "reply is {kind 2", check: allWrong,
		},
		"not found": {
			behave: answer(func(_ *server, _ int, body []byte) []byte {
				m, _ := kv.Parse(body)
				return framed(kv.Message{Kind: kv.GetResponse, Key: m.Key, Status: 1})
			}),
			first: "NotOk", check: allWrong,
		},
		"kind of a put": {
			behave: answer(func(s *server, _ int, body []byte) []byte {
				return framed(kv.Message{Kind: kv.PutOrUpdate})
			}),
			first: "reply is {kind 3", check: allWrong,
		},
		"no message": {
			behave: answer(func(s *server, _ int, body []byte) []byte {
				out, mark := frame.Begin(nil)
				return frame.End(append(out, 0xff), mark)
			}),
			first: "not a KeyValueMessage", check: allWrong,
		},
		"replies swapped": {
			behave: func(s *server, c net.Conn) {
				in := bufio.NewReader(c)
				var held []byte
				for {
					body, err := readFrame(in)
					if err != nil {
						return
					}
					out := s.reply(body)
					switch {
					case !isGet(body):
					case held == nil:
						held = out
						continue
					default:
						out, held = append(out, held...), nil
					}
					if _, err := c.Write(out); err != nil {
						return
					}
				}
			},
			first: "reply is {kind 2",
			// Two adjacent requests may happen to be equal.
			check: func(t *testing.T, _ *server, r load.Result) { assert.Positive(t, r.Errors.Wrong) },
			change: func(c *generator.Config) {
				c.Depth, c.Keys = 2, 10_000
			},
		},
		"closes": {
			behave: answer(func(s *server, n int, body []byte) []byte {
				if n == 10 {
					return nil
				}
				return s.reply(body)
			}),
			// A close with unread input sends a reset.
			first: "requests in flight",
			check: func(t *testing.T, _ *server, r load.Result) {
				assert.EqualValues(t, 4, r.Errors.Broken)
				assert.EqualValues(t, 12, r.Errors.Unanswered)
				assert.Equal(t, 4, r.Served)
			},
		},
		"no frames": {
			behave: answer(func(*server, int, []byte) []byte { return []byte("HTTP/1.1 400 Bad Request\r\n\r\n") }),
			first:  "frame too long",
			check:  func(t *testing.T, _ *server, r load.Result) { assert.EqualValues(t, 4, r.Errors.Broken) },
		},
		"says everything twice": {
			behave: answer(func(s *server, _ int, body []byte) []byte { return append(s.reply(body), s.reply(body)...) }),
			change: func(c *generator.Config) { c.Depth = 1 },
			first:  "reply to no request",
			check:  func(t *testing.T, _ *server, r load.Result) { assert.EqualValues(t, 4, r.Errors.Broken) },
		},
		"silent": {
			behave: answer(func(*server, int, []byte) []byte { return []byte{} }),
			first:  "no reply within 50ms (3 requests in flight)",
			check: func(t *testing.T, _ *server, r load.Result) {
				assert.EqualValues(t, 4, r.Errors.TimedOut)
				assert.EqualValues(t, 12, r.Errors.Unanswered)
				assert.Zero(t, r.Requests)
				assert.Zero(t, r.Served)
			},
			// MayWait excuses a silent connection only while another one is served.
			change: func(c *generator.Config) { c.ReplyTimeout, c.MayWait = 50*time.Millisecond, true },
		},
		"silent when the window is over": {
			behave: answer(func(*server, int, []byte) []byte { return []byte{} }),
			first:  "no reply within 300ms",
			check:  func(t *testing.T, _ *server, r load.Result) { assert.EqualValues(t, 4, r.Errors.TimedOut) },
			change: func(c *generator.Config) {
				c.ReplyTimeout, c.Warmup, c.Duration = 300*time.Millisecond, 0, time.Millisecond
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := (&server{behave: f.behave}).start(t)
			cfg := config(s)
			cfg.Puts = 0
			if f.change != nil {
				f.change(&cfg)
			}
			require.NoError(t, generator.Preload(t.Context(), cfg))
			r, err := generator.Run(t.Context(), cfg)
			require.NoError(t, err, "it is a result")
			require.Error(t, r.Errors.Err())
			assert.Contains(t, r.Errors.First, f.first)
			f.check(t, s, r)
		})
	}
}

func TestRunWithoutPreload(t *testing.T) {
	s := new(server).start(t)
	cfg := config(s)
	cfg.Puts = 0
	r, err := generator.Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Zero(t, r.Requests)
	assert.Equal(t, s.answered.Load(), r.Errors.Wrong, "every request is accounted for")
}

func TestPreloadReportsErrors(t *testing.T) {
	s := (&server{behave: func(s *server, c net.Conn) {
		_, _ = readFrame(c)
	}}).start(t)
	err := generator.Preload(t.Context(), config(s))
	require.ErrorContains(t, err, "storing 100 keys")
	require.ErrorContains(t, err, "put key:000000000000")
}

func TestRunEndsWithItsContext(t *testing.T) {
	s := (&server{behave: func(_ *server, c net.Conn) { _, _ = c.Read(make([]byte, 1)); <-t.Context().Done() }}).start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cfg := config(s)
	cfg.Warmup, cfg.Duration = 0, time.Hour
	cfg.Begin = cancel
	_, err := generator.Run(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
}

func TestRunFailsToStart(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	unused := ln.Addr().String()
	require.NoError(t, ln.Close())

	for name, c := range map[string]struct {
		change func(*generator.Config)
		want   string
	}{
		"nobody listens": {func(c *generator.Config) { c.Addr = unused }, "connection 1 of 4: dial"},
		"connections":    {func(c *generator.Config) { c.Connections = 0 }, "connections is 0"},
		"depth":          {func(c *generator.Config) { c.Depth = 0 }, "depth is 0"},
		"puts":           {func(c *generator.Config) { c.Puts = 1.5 }, "share of puts is 1.5"},
		"duration":       {func(c *generator.Config) { c.Duration = 0 }, "duration is 0s"},
		"reply timeout":  {func(c *generator.Config) { c.ReplyTimeout = 25 * time.Hour }, "reply timeout is 25h"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(new(server).start(t))
			c.change(&cfg)
			_, err := generator.Run(t.Context(), cfg)
			require.ErrorContains(t, err, c.want)
		})
	}
}

// A panic on the generator's thread reaches the caller, who can then save
// the results.
func TestAPanicOfTheGeneratorIsTheCallers(t *testing.T) {
	cfg := config(new(server).start(t))
	cfg.Begin = func() { panic("at once") }
	require.NoError(t, generator.Preload(t.Context(), cfg))
	assert.PanicsWithValue(t, "at once", func() { _, _ = generator.Run(t.Context(), cfg) })
}

// Preload uses a connection of its own, none of the configured ones.
func TestPreloadSaysThatNobodyListens(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	cfg := config(&server{addr: ln.Addr().String()})
	require.NoError(t, ln.Close())
	err = generator.Preload(t.Context(), cfg)
	require.ErrorContains(t, err, "load: dial tcp "+cfg.Addr)
	assert.NotContains(t, err.Error(), "connection 1")
}
