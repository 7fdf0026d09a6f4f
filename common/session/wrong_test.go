package session_test

import (
	"bytes"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/buffer"
	"github.com/ioflavors/ioflavors/common/session"
)

// custom is a handler made of functions. Those that are nil do what a right handler of
// one-byte requests does: it answers each in capitals.
type custom struct {
	open   func() session.Handler
	serve  func(out, in []byte) (_ []byte, taken, answered, room int, err error)
	need   func(in []byte) (int, error)
	refuse func(out []byte, why error) []byte
}

func (c *custom) Open() session.Handler {
	if c.open != nil {
		return c.open()
	}
	return c
}

func (c *custom) Serve(out, in []byte, max, limit int) (_ []byte, taken, answered, room int, err error) {
	if c.serve != nil {
		return c.serve(out, in)
	}
	return append(out, bytes.ToUpper(in[:1])...), 1, 1, 0, nil
}

func (c *custom) Need(in []byte, max int) (int, error) {
	if c.need != nil {
		return c.need(in)
	}
	return 0, nil
}

func (c *custom) Refuse(out []byte, why error) []byte {
	if c.refuse != nil {
		return c.refuse(out, why)
	}
	return append(out, "refused"...)
}

// A handler that goes wrong is contained to its connection. Its session ends, or goes
// on with what can be made of it; its buffers come back, and other sessions go on.
func TestWrongHandlers(t *testing.T) {
	constant := []byte("constant")
	errOwn := errors.New("own error")
	incomplete := func(out, in []byte) ([]byte, int, int, int, error) { return out, 0, 0, 0, nil }
	sometimes := 0
	for name, c := range map[string]struct {
		handler custom
		panics  string // a part of what the log says
		err     error  // otherwise
		out     string // what the client gets of the answers to "ab"
	}{
		"panic in Open":          {custom{open: func() session.Handler { panic("Open") }}, "Open", nil, ""},
		"Open returns nil":       {custom{open: func() session.Handler { return nil }}, "nil pointer", nil, ""},
		"panic in Serve":         {custom{serve: func(out, in []byte) ([]byte, int, int, int, error) { panic("Serve") }}, "Serve", nil, ""},
		"panic in Need":          {custom{serve: incomplete, need: func([]byte) (int, error) { panic("Need") }}, "Need", nil, ""},
		"panic with an append":   {custom{serve: func(out, in []byte) ([]byte, int, int, int, error) { _ = append(out, "half"...); panic(errOwn) }}, "own error", nil, ""},
		"panic in Refuse":        {custom{serve: fails(errOwn), refuse: func([]byte, error) []byte { panic("Refuse") }}, "Refuse", nil, ""},
		"Refuse shortens":        {custom{serve: after("A", errOwn), refuse: func(out []byte, _ error) []byte { return out[:0] }}, "shortened", nil, ""},
		"Refuse replaces":        {custom{serve: after("A", errOwn), refuse: func([]byte, error) []byte { return constant }}, "replaced", nil, ""},
		"Refuse returns nil":     {custom{serve: fails(errOwn), refuse: func([]byte, error) []byte { return nil }}, "", errOwn, ""},
		"takes too much":         {custom{serve: takes(3, 1)}, "took 3 of 2 bytes", nil, ""},
		"takes a negative size":  {custom{serve: takes(-1, 1)}, "took -1 of 2 bytes", nil, ""},
		"takes the least number": {custom{serve: takes(math.MinInt, 1)}, "of 2 bytes", nil, ""},
		"answers too much":       {custom{serve: takes(2, 3)}, "answered 3", nil, ""},
		"answers fewer than 0":   {custom{serve: takes(2, -1)}, "answered -1", nil, ""},
		"answers without taking": {custom{serve: takes(0, 1)}, "did not take", nil, ""},
		"appends without taking": {custom{serve: func(out, in []byte) ([]byte, int, int, int, error) { return append(out, "x"...), 0, 0, 0, nil }}, "did not take", nil, ""},
		"room for all the world": {custom{serve: asks(func(int) int { return math.MaxInt })}, "asked 0 times", nil, ""},
		"room that is free":      {custom{serve: asks(func(free int) int { return free })}, "were free", nil, ""},
		"ever more room":         {custom{serve: asks(func(free int) int { return free + 1 })}, "asked 16 times", nil, ""},
		"much room":              {custom{serve: asks(func(free int) int { return 1 << 30 })}, "", session.ErrMemory, ""},
		"room below 0":           {custom{serve: asks(func(free int) int { return -1 })}, "", nil, ""},
		"an endless request":     {custom{serve: incomplete, need: func([]byte) (int, error) { return math.MaxInt, nil }}, "", session.ErrTooLong, "refused"},
		"a request below 0":      {custom{serve: incomplete, need: func([]byte) (int, error) { return math.MinInt, nil }}, "", nil, ""},
		"never whole":            {custom{serve: incomplete}, "", nil, ""},
		"always one byte more":   {custom{serve: incomplete, need: func(in []byte) (int, error) { return len(in) + 1, nil }}, "", nil, ""},
		"Need fails":             {custom{serve: incomplete, need: func([]byte) (int, error) { return 0, errOwn }}, "", errOwn, "refused"},
		"takes and is silent":    {custom{serve: takes(1, 0)}, "", nil, ""},
		"takes and answers nil":  {custom{serve: func(_, in []byte) ([]byte, int, int, int, error) { return nil, 1, 1, 0, nil }}, "", nil, ""},
		"nil behind a reply":     {custom{serve: flips(&sometimes)}, "replaced", nil, ""},
		"shortens the output":    {custom{serve: func(out, in []byte) ([]byte, int, int, int, error) { return append(out[:0], 'x'), 1, 1, 0, nil }}, "", nil, "x"},
		"a constant":             {custom{serve: func(out, in []byte) ([]byte, int, int, int, error) { return constant, len(in), 1, 0, nil }}, "", nil, "constant"},
		"its input":              {custom{serve: func(out, in []byte) ([]byte, int, int, int, error) { return in, len(in), 1, 0, nil }}, "", nil, "ab"},
		"clipped": {custom{serve: func(out, in []byte) ([]byte, int, int, int, error) {
			n := len(out) + 1
			return append(out, 'x')[:n:n], 1, 1, 0, nil
		}}, "", nil, "xx"},
		"long replies": {custom{serve: func(out, in []byte) ([]byte, int, int, int, error) {
			return append(out, strings.Repeat("x", 5000)...), 1, 1, 0, nil
		}}, "", nil, strings.Repeat("x", 10_000)},
		"an error at once":      {custom{serve: fails(errOwn)}, "", errOwn, "refused"},
		"an error with replies": {custom{serve: after("A", errOwn)}, "", errOwn, "Arefused"},
		"no taking, but a reply": {custom{serve: func(out, in []byte) ([]byte, int, int, int, error) {
			return append(out, "bye"...), 0, 0, 0, session.Done
		}}, "", session.Done, "bye"},
		"Done":              {custom{serve: fails(session.Done)}, "", session.Done, ""},
		"Done with replies": {custom{serve: after("A", session.Done)}, "", session.Done, "A"},
		"Done, wrapped":     {custom{serve: after("A", errors.Join(session.Done))}, "", session.Done, "A"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, whole := range []bool{true, false} {
				sometimes = 0
				cfg := config()
				cfg.Buffers = buffer.NewPool(64 << 20)
				handler := c.handler
				cfg.Protocol = &handler
				s := session.New(cfg)
				other := session.New(&session.Config{Protocol: new(custom), Buffers: cfg.Buffers, MaxRequest: maxFrame, OutputHigh: 1 << 20, OutputLow: 1 << 18})
				var got []byte
				if whole {
					s.Feed([]byte("ab"))
				} else {
					s.Feed([]byte("a"))
					got = append(got, drain(&s, 2)...)
					s.Feed([]byte("b"))
				}
				assert.LessOrEqual(t, len(s.Output()), 1<<20)
				got = append(got, s.Output()...)
				panicked, _ := errors.AsType[*session.PanicError](s.Err())
				switch {
				case !whole: // it may have got less far
				case c.panics != "":
					require.NotNil(t, panicked, "%v", s.Err())
					assert.ErrorContains(t, panicked, c.panics)
					assert.Zero(t, s.Wants())
				case c.err != nil:
					assert.ErrorIs(t, s.Err(), c.err)
				default:
					assert.NoError(t, s.Err())
					assert.NotZero(t, s.Wants()&session.Read)
				}
				if whole && c.panics == "" {
					assert.Equal(t, c.out, string(got))
				}
				other.Feed([]byte("xyz"))
				assert.Equal(t, "XYZ", string(drain(&other, 1)))

				// Even now no call of the model's goes wrong.
				s.ReadBuffer()
				s.Refuse("no")
				drain(&s, 3)
				s.Feed([]byte("c"))
				s.Finish()
				s.FeedEOF()
				drain(&s, 3)
				s.Release()
				other.Release()
				checkReturned(t, cfg)
				assert.Equal(t, "constant", string(constant))
			}
		})
	}
}

func fails(err error) func(out, in []byte) ([]byte, int, int, int, error) {
	return func(out, in []byte) ([]byte, int, int, int, error) { return out, 0, 0, 0, err }
}

// after answers one byte, and fails.
func after(reply string, err error) func(out, in []byte) ([]byte, int, int, int, error) {
	return func(out, in []byte) ([]byte, int, int, int, error) { return append(out, reply...), 1, 1, 0, err }
}

func takes(taken, answered int) func(out, in []byte) ([]byte, int, int, int, error) {
	return func(out, in []byte) ([]byte, int, int, int, error) { return out, taken, answered, 0, nil }
}

func asks(room func(free int) int) func(out, in []byte) ([]byte, int, int, int, error) {
	return func(out, in []byte) ([]byte, int, int, int, error) {
		return out, 0, 0, room(cap(out) - len(out)), nil
	}
}

// flips appends to the output once, and then returns nil.
func flips(calls *int) func(out, in []byte) ([]byte, int, int, int, error) {
	return func(out, in []byte) ([]byte, int, int, int, error) {
		if *calls++; *calls == 1 {
			return append(out, 'x'), 1, 1, 0, nil
		}
		return nil, 1, 1, 0, nil
	}
}

// A request that is never whole is refused when it is longer than any may be, however
// little Need says.
func TestARequestThatIsNeverWholeIsBounded(t *testing.T) {
	for name, need := range map[string]func(in []byte) (int, error){
		"no length":          nil,
		"one byte more":      func(in []byte) (int, error) { return len(in) + 1, nil },
		"1000 bytes more":    func(in []byte) (int, error) { return len(in) + 1000, nil },
		"a length below 0":   func(in []byte) (int, error) { return math.MinInt, nil },
		"less than there is": func(in []byte) (int, error) { return len(in) - 1, nil },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.Protocol = &custom{need: need, serve: takes(0, 0)}
			s := session.New(cfg)
			fed := 0
			for ; s.Err() == nil && fed <= 2*maxFrame; fed++ {
				s.Feed([]byte("x"))
			}
			require.ErrorIs(t, s.Err(), session.ErrTooLong)
			assert.LessOrEqual(t, fed, maxFrame+session.Allowance)
			assert.Equal(t, "refused", string(drain(&s, 100)))
			s.Release()
			checkReturned(t, cfg)
		})
	}
}

// Need may change its mind about bytes that were read to ReadBuffer: they are not lost,
// and memory that the session has given back is not read.
func TestNeedThatChangesItsMind(t *testing.T) {
	const size = 200_000
	need := size
	var served []byte
	cfg := config()
	cfg.MaxRequest = 1 << 20
	cfg.Protocol = &custom{
		need: func(in []byte) (int, error) { return need, nil },
		serve: func(out, in []byte) ([]byte, int, int, int, error) {
			if len(in) < 60_000 {
				return out, 0, 0, 0, nil
			}
			served = append(served, in...)
			return append(out, 'x'), len(in), 1, 0, nil
		},
	}
	s := session.New(cfg)
	in := bytes.Repeat([]byte("0123456789"), size/10)
	s.Feed(in[:50_000])
	p := s.ReadBuffer()
	require.NotEmpty(t, p)
	n := copy(p, in[50_000:])
	need = 60_000
	s.Feed(p[:n])
	assert.Equal(t, in[:50_000+n], served)
	drain(&s, 10)
	s.Release()
	checkReturned(t, cfg)
}
