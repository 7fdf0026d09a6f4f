package session_test

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/buffer"
	"github.com/ioflavors/ioflavors/common/session"
)

// mayBlock is a protocol with one Handler, of whose requests it says may.
type mayBlock struct {
	session.Handler
	may func(in []byte) bool
}

func (p mayBlock) Open() session.Handler            { return p }
func (p mayBlock) MayBlock(in []byte, max int) bool { return p.may(in) }
func slowly(in []byte) bool                         { return bytes.Contains(in, []byte("slow")) }
func offloading(h session.Handler) *session.Config {
	cfg := config()
	cfg.Protocol, cfg.Offload = mayBlock{h, slowly}, true
	return cfg
}

// runCall has the call for which s waits run and return.
func runCall(t *testing.T, s *session.Session) {
	require.True(t, s.Blocked())
	c := s.Take()
	c.Run()
	require.True(t, s.Return(c))
}

// While a call is away, the session sends earlier replies and keeps what arrives. The
// replies come in the order of the requests.
func TestRepliesOfACallKeepTheirPlace(t *testing.T) {
	cfg := offloading(shout{})
	s := session.New(cfg)
	s.Feed(stream("before"))
	s.Feed(stream("slow"))
	require.True(t, s.Blocked())
	assert.Equal(t, session.Write, s.Wants(), "it waits for its turn, and is not read")
	call := s.Take()
	assert.False(t, s.Blocked())
	assert.True(t, s.Away())
	assert.Equal(t, session.Read|session.Write, s.Wants(), "a client that leaves is noticed")
	got := drain(&s, 5)
	s.Feed(stream("behind", "slow, too", "last")[:20])
	assert.Equal(t, session.Reply, s.Wants(), "what has arrived is enough for now")
	assert.Empty(t, s.Output())
	call.Run()
	assert.Empty(t, s.Output(), "until it has returned")
	require.True(t, s.Return(call))
	got = append(got, drain(&s, 100)...)
	assert.Equal(t, []string{"BEFORE", "SLOW", "BEHIND"}, bodies(t, got))
	s.Feed(stream("behind", "slow, too", "last")[20:])
	runCall(t, &s)
	got = append(got, drain(&s, 100)...)
	assert.Equal(t, []string{"BEFORE", "SLOW", "BEHIND", "SLOW, TOO", "LAST"}, bodies(t, got))
	assert.EqualValues(t, 5, s.Answered())
	assert.Equal(t, session.Read, s.Wants())
	checkReturned(t, cfg)
}

// A client with many requests under way is not read meanwhile, or each call would let
// more of them pile up.
func TestABacklogIsNotReadOn(t *testing.T) {
	s := session.New(offloading(shout{}))
	s.Feed(stream(strings.Repeat("slow", 200), strings.Repeat("more", 200), strings.Repeat("more", 200), strings.Repeat("more", 200), strings.Repeat("more", 200), strings.Repeat("more", 200)))
	call := s.Take()
	assert.Equal(t, session.Reply, s.Wants())
	call.Run()
	s.Return(call)
	assert.Equal(t, session.Read|session.Write, s.Wants())
	s.Release()
}

// A session that ends does not wait for its call, whose results and buffers are dropped
// when it comes back.
func TestASessionEndsWithoutItsCall(t *testing.T) {
	for name, end := range map[string]func(*session.Session){
		"released": func(s *session.Session) { s.Release() },
		"aborted":  func(s *session.Session) { s.Abort(errAborted) },
		"aborted, then released": func(s *session.Session) {
			s.Abort(errAborted)
			s.Release()
		},
	} {
		cfg := offloading(shout{})
		s := session.New(cfg)
		s.Feed(stream("slow"))
		call := s.Take()
		s.Feed(stream("more"))
		call.Run()
		end(&s)
		assert.Zero(t, s.Wants(), name)
		assert.False(t, s.Away(), name)
		assert.False(t, s.Return(call), name)
		assert.Empty(t, s.Output(), name)
		assert.Zero(t, s.Answered(), name)
		s.Release()
		checkReturned(t, cfg)
	}
}

// The end of the stream, and Finish, come into force behind the call.
func TestACallIsAnsweredBeforeTheEnd(t *testing.T) {
	for name, end := range map[string]func(*session.Session){"EOF": (*session.Session).FeedEOF, "Finish": (*session.Session).Finish} {
		cfg := offloading(shout{})
		s := session.New(cfg)
		s.Feed(stream("slow"))
		end(&s)
		assert.Equal(t, session.Reply, s.Wants(), name)
		call := s.Take()
		assert.Equal(t, session.Reply, s.Wants(), name)
		call.Run()
		s.Return(call)
		assert.Equal(t, []string{"SLOW"}, bodies(t, drain(&s, 100)), name)
		assert.NoError(t, s.Err(), name)
		s.Release()
		checkReturned(t, cfg)
	}
}

// A call contains whatever a handler does, as the session does.
func TestWrongHandlersInACall(t *testing.T) {
	for name, serve := range map[string]func(out, in []byte) ([]byte, int, int, int, error){
		"panics":                  func(out, in []byte) ([]byte, int, int, int, error) { panic("at the disco") },
		"ends its goroutine":      func(out, in []byte) ([]byte, int, int, int, error) { runtime.Goexit(); return nil, 0, 0, 0, nil },
		"takes what is not there": func(out, in []byte) ([]byte, int, int, int, error) { return out, len(in) + 1, 1, 0, nil },
		"asks for ever more":      func(out, in []byte) ([]byte, int, int, int, error) { return out, 0, 0, cap(out) - len(out) + 1, nil },
	} {
		cfg := offloading(&custom{serve: serve})
		s := session.New(cfg)
		s.Feed([]byte("slow"))
		call := s.Take()
		done := make(chan struct{})
		go func() {
			defer close(done)
			call.Run()
		}()
		<-done
		assert.True(t, s.Return(call), name)
		assert.ErrorAs(t, s.Err(), new(*session.PanicError), name)
		assert.Zero(t, s.Wants(), name)
		s.Release()
		checkReturned(t, cfg)
	}
}

// A handler that says of an incomplete request that it may block is called for it once,
// and again when more has arrived: before its call returns, or afterwards.
func TestACallForAnIncompleteRequest(t *testing.T) {
	request := stream("slow, and cut")
	for _, during := range []bool{false, true} {
		cfg := offloading(shout{})
		s := session.New(cfg)
		s.Feed(request[:10])
		call := s.Take()
		call.Run()
		if during {
			s.Feed(request[10:])
			require.True(t, s.Return(call))
		} else {
			require.True(t, s.Return(call))
			assert.True(t, s.Partial())
			assert.Equal(t, session.Read, s.Wants())
			s.Feed(request[10:])
		}
		runCall(t, &s)
		assert.Equal(t, []string{"SLOW, AND CUT"}, bodies(t, drain(&s, 100)))
		checkReturned(t, cfg)
	}
}

// The input of an incomplete request with the error that ends it.
func TestAnErrorOfACallEndsTheSession(t *testing.T) {
	cfg := offloading(shout{})
	s := session.New(cfg)
	broken := stream("slow")
	broken[len(broken)-1] ^= 1
	s.Feed(broken)
	runCall(t, &s)
	require.Error(t, s.Err())
	assert.Equal(t, []string{"refused: " + s.Err().Error()}, bodies(t, drain(&s, 100)))
	s.Release()
	checkReturned(t, cfg)
}

// The output limit counts the earlier replies that are unsent when the call is taken.
func TestTheOutputLimitHoldsForACall(t *testing.T) {
	cfg := offloading(shout{})
	cfg.OutputHigh, cfg.OutputLow = 300, 50
	s := session.New(cfg)
	value := strings.Repeat("v", 86) // a frame of 100 bytes
	s.Feed(stream(value))
	s.Feed(stream("slow"+value[4:], value, value))
	runCall(t, &s)
	assert.EqualValues(t, 3, s.Answered(), "a fourth reply would be too much")
	assert.True(t, s.Paused())
	assert.Len(t, bodies(t, drain(&s, 1000)), 4)
	checkReturned(t, cfg)
}

// If there is no memory to bring both together, the session ends, and nothing is lost
// of the pool.
func TestNoMemoryForWhatComesBack(t *testing.T) {
	for arrived := range 3 {
		cfg := offloading(shout{})
		cfg.Buffers = buffer.NewPool(8 << 10)
		s := session.New(cfg)
		s.Feed(stream("before")) // unsent
		s.Feed(stream("slow", strings.Repeat("x", 900)))
		call := s.Take()
		s.Feed(bytes.Repeat([]byte("y"), arrived*500))
		call.Run()
		hog := cfg.Buffers.Get(1)
		for b := hog; b != nil; b = cfg.Buffers.Get(1) {
			defer cfg.Buffers.Put(b)
			hog = b
		}
		require.NotNil(t, hog)
		s.Return(call)
		s.Release()
	}
}
