package server

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/session"
)

// unruly is a protocol whose handlers answer each byte in capitals. The first one goes
// wrong in the given way.
type unruly struct {
	wrong   string
	opened  int
	changed bool // Need has changed its mind
}

func (u *unruly) Open() session.Handler {
	if u.opened++; u.opened > 1 {
		return &unruly{}
	}
	if u.wrong == "Open" {
		panic("Open")
	}
	return u
}

func (u *unruly) Serve(out, in []byte, max, limit int) ([]byte, int, int, int, error) {
	switch u.wrong {
	case "Serve":
		panic("Serve")
	case "taken":
		return out, len(in) + 1, 1, 0, nil
	case "room":
		return out, 0, 0, cap(out) - len(out) + 1, nil
	case "Refuse":
		return out, 0, 0, 0, session.ErrTooLong
	case "Need", "another Need":
		return out, 0, 0, 0, nil
	}
	return append(out, bytes.ToUpper(in[:1])...), 1, 1, 0, nil
}

// Need asks for much, so that the connection reads to the session's buffer.
func (u *unruly) Need(in []byte, max int) (int, error) {
	switch u.wrong {
	case "Need":
		if len(in) > 20_000 {
			panic("Need")
		}
		return max, nil
	case "another Need":
		if u.changed {
			return 0, nil
		}
		return max, nil
	}
	return 0, nil
}

func (u *unruly) Refuse(out []byte, why error) []byte {
	if u.wrong == "Refuse" {
		panic("Refuse")
	}
	return append(out, "no"...)
}

func (u *unruly) Hash(in []byte, max int) (uint64, bool) {
	if u.wrong == "Hash" {
		panic("Hash")
	}
	return 1, true
}

func (u *unruly) Prefetch([session.PrefetchBatch]uint64, int) {
	if u.wrong == "Prefetch" {
		panic("Prefetch")
	}
}

// A handler that goes wrong closes its own connection, and no other one.
func TestAWrongHandlerClosesItsConnectionOnly(t *testing.T) {
	for _, wrong := range []string{"Open", "Serve", "taken", "room", "Refuse", "Need", "another Need"} {
		t.Run(wrong, func(t *testing.T) {
			protocol := &unruly{wrong: wrong}
			logged(t, Config{Protocol: protocol}, func(core *Core, log *strings.Builder) {
				c, other := open(core), open(core)
				for range 40 {
					if c.Wants() == 0 {
						break
					}
					buf := c.Buffer()
					protocol.changed = c.direct
					c.HandleRead(copy(buf, bytes.Repeat([]byte("x"), 1000)), nil)
				}
				require.Zero(t, c.Wants(), "it is over")
				assert.Equal(t, "panic", c.closed(t, core))
				synctest.Wait()
				assert.Contains(t, log.String(), "reason=panic")
				assert.Contains(t, log.String(), "panic=")

				other.receive("other")
				assert.Equal(t, "OTHER", other.flush())
				assert.Zero(t, core.Buffers().Lent())
				other.HandleRead(0, nil)
				assert.NotZero(t, other.Wants())
			})
		})
	}
}

// Without its prefetches a client is served all the same.
func TestAPanicWhilePrefetchingClosesNoConnection(t *testing.T) {
	for _, wrong := range []string{"Hash", "Prefetch"} {
		t.Run(wrong, func(t *testing.T) {
			logged(t, Config{Protocol: &unruly{wrong: wrong}}, func(core *Core, log *strings.Builder) {
				c, lane := open(core), core.Lane(0)
				for range 2 {
					lane.Collect([]byte("x"))
					lane.Collect([]byte("x"))
					lane.Prefetch()
				}
				c.receive("x")
				assert.Equal(t, "X", c.flush())
				synctest.Wait()
				assert.Contains(t, log.String(), "client is served without prefetching")
				assert.Contains(t, log.String(), wrong)
			})
		})
	}
}
