package asynclog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/common/asynclog"
)

const long = time.Hour

func TestItIsAHandlerLikeAnother(t *testing.T) {
	var out bytes.Buffer
	h := asynclog.New(slog.NewJSONHandler(&out, nil))
	require.NoError(t, slogtest.TestHandler(h, func() (entries []map[string]any) {
		require.True(t, h.Flush(time.Minute))
		for line := range bytes.Lines(out.Bytes()) {
			var entry map[string]any
			require.NoError(t, json.Unmarshal(line, &entry))
			entries = append(entries, entry)
		}
		return entries
	}))
}

// stuck is a log whose reader has stopped, until its gate is closed.
type stuck struct {
	slog.Handler
	gate chan struct{}
}

func newStuck(out *bytes.Buffer, level slog.Level) stuck {
	return stuck{slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}), make(chan struct{})}
}

func (s stuck) Enabled(ctx context.Context, l slog.Level) bool {
	<-s.gate
	return s.Handler.Enabled(ctx, l)
}

func (s stuck) Handle(ctx context.Context, r slog.Record) error {
	<-s.gate
	return s.Handler.Handle(ctx, r)
}

// messages returns the logged lines without their times, and a line for each
// number of dropped records.
func messages(out *bytes.Buffer) (all []string) {
	for line := range strings.Lines(out.String()) {
		_, line, _ = strings.Cut(line, "msg=")
		all = append(all, strings.TrimSpace(line))
	}
	return all
}

// While the log is stuck, the first records wait and the others are dropped. A
// line counts them where they are missing.
func TestNobodyWaitsForAStuckHandler(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		to := newStuck(&out, slog.LevelInfo)
		h := asynclog.New(to)
		log := slog.New(h)
		began := time.Now()
		log.Info("first")
		synctest.Wait() // the record is being written, and waits no more
		for i := range asynclog.Length + 7 {
			log.Info("waits", "i", i)
		}
		assert.Zero(t, time.Since(began))
		assert.False(t, h.Flush(long))
		assert.Equal(t, long, time.Since(began), "Flush waits for so long and no longer")
		assert.Empty(t, out.String())

		close(to.gate)
		assert.True(t, h.Flush(long))
		want := []string{"first"}
		for i := range asynclog.Length {
			want = append(want, fmt.Sprintf("waits i=%d", i))
		}
		want = append(want, `"log lines are missing here, because the log was not read in time" dropped=7`)
		require.Equal(t, want, messages(&out))

		log.Info("later")
		assert.True(t, h.Flush(long))
		require.Equal(t, append(want, "later"), messages(&out), "dropped lines are reported once")
	})
}

// The line with the count stands in place of the dropped records, before the
// records that found room again.
func TestTheCountStandsWhereRecordsAreMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		to := newStuck(&out, slog.LevelInfo)
		h := asynclog.New(to)
		log := slog.New(h)
		for range asynclog.Length + 3 { // one is being written
			log.Info("waits")
			synctest.Wait()
		}
		to.gate <- struct{}{} // Enabled
		to.gate <- struct{}{} // Handle
		synctest.Wait()
		log.With("k", "v").Info("after")
		close(to.gate)
		assert.True(t, h.Flush(long))
		got := messages(&out)
		require.Len(t, got, asynclog.Length+3)
		assert.Equal(t, []string{
			"waits", `"log lines are missing here, because the log was not read in time" dropped=2`, "after k=v",
		}, got[len(got)-3:])
	})
}

// The level of a record is checked when it is passed on, because the check
// might also block the program.
func TestTheOtherHandlersLevelHolds(t *testing.T) {
	var out bytes.Buffer
	h := asynclog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	slog.New(h).Info("quiet")
	slog.New(h).Warn("loud")
	assert.True(t, h.Flush(time.Minute))
	assert.Equal(t, []string{"loud"}, messages(&out))
}

// No goroutine runs while no record is logged: a bubble ends only without
// goroutines.
func TestNothingRunsWhileNothingIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := asynclog.New(slog.DiscardHandler)
		assert.True(t, h.Flush(0), "there is nothing to wait for")
		slog.New(h).Info("something")
	})
}

func TestManyLogAtOnce(t *testing.T) {
	var out bytes.Buffer
	h := asynclog.New(slog.NewTextHandler(&out, nil))
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			log := slog.New(h).With("from", i)
			for range 20 { // all of them fit
				log.Info("line")
			}
			assert.True(t, h.Flush(time.Minute))
		})
	}
	all.Wait()
	assert.Len(t, messages(&out), 8*20)
}
