//go:build unix

package generator_test

import (
	"context"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/generator"
)

// The window begins at the planned time, and the result says how much later it really
// began.
func TestTheWindowBeginsAtItsTime(t *testing.T) {
	for name, change := range map[string]func(*generator.Config){
		"closed":     func(*generator.Config) {},
		"open":       func(c *generator.Config) { c.Rate = 500 },
		"no warm-up": func(c *generator.Config) { c.Warmup = 0 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(new(server).start(t))
			change(&cfg)
			require.NoError(t, generator.Preload(t.Context(), cfg))
			var tooLate *generator.TooLateError
			for ahead := 200 * time.Millisecond; ; ahead *= 4 { // a busy machine needs longer to connect
				cfg.WindowAt = time.Now().Add(ahead).Round(0)
				r, err := generator.Run(t.Context(), cfg)
				if errors.As(err, &tooLate) && ahead < time.Minute {
					continue
				}
				require.NoError(t, err)
				require.NoError(t, r.Errors.Err())
				require.NotNil(t, r.Window)
				assert.True(t, cfg.WindowAt.Equal(*r.Window.Planned))
				assert.Equal(t, r.Window.Began.Sub(cfg.WindowAt), r.Window.Late)
				assert.Greater(t, r.Window.Late, -time.Millisecond, "it waited; the wall clock may be slewed")
				assert.GreaterOrEqual(t, r.Window.Ended.Sub(r.Window.Began), cfg.Duration-time.Millisecond)
				return
			}
		})
	}
}

// A window that begins as soon as it can has a time, too, and no plan.
func TestAWindowWithoutAPlanHasATime(t *testing.T) {
	cfg := config(new(server).start(t))
	require.NoError(t, generator.Preload(t.Context(), cfg))
	before := time.Now()
	r, err := generator.Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.WithinRange(t, r.Window.Began, before, time.Now())
	assert.WithinRange(t, r.Window.Ended, r.Window.Began, time.Now())
	assert.Nil(t, r.Window.Planned)
	assert.Zero(t, r.Window.Late)
}

// A load that is ready too late sends nothing.
func TestALoadThatIsReadyTooLateDoesNotBegin(t *testing.T) {
	s := new(server).start(t)
	cfg := config(s)
	cfg.Warmup, cfg.WindowAt = time.Hour, time.Now().Add(time.Minute).Round(0)
	_, err := generator.Run(t.Context(), cfg)
	var tooLate *generator.TooLateError
	require.ErrorAs(t, err, &tooLate)
	assert.Greater(t, tooLate.By, 59*time.Minute-time.Second)
	assert.Zero(t, s.answered.Load())
}

// An interrupt ends a load that waits for its time.
func TestTheWaitForTheWindowEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := &server{behave: func(_ *server, c net.Conn) {
		cancel() // the load has connected, and may be waiting already
		_, _ = c.Read(make([]byte, 1))
	}}
	cfg := config(s.start(t))
	cfg.Connections, cfg.WindowAt = 1, time.Now().Add(time.Hour).Round(0)
	r, err := generator.Run(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
	assert.Nil(t, r.Window)
	assert.Zero(t, s.answered.Load())
}
