package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseStartAt(t *testing.T) {
	for text, want := range map[string]string{
		"2026-12-01T12:00:00Z":           "2026-12-01T12:00:00Z",
		"2026-12-01T13:00:00.25+01:00":   "2026-12-01T12:00:00.25Z",
		"2026-12-01T12:00:00.000000001Z": "2026-12-01T12:00:00.000000001Z",
		"1796126400":                     "2026-12-01T12:00:00Z",
		"1796126400.5":                   "2026-12-01T12:00:00.5Z",
		"1796126400.000000001":           "2026-12-01T12:00:00.000000001Z",
	} {
		at, err := parseStartAt(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, at.UTC().Format(time.RFC3339Nano), text)
	}
	for _, wrong := range []string{"", "soon", "12:00", "-5", "2026-12-01", "2026-12-01T12:00:00", "1e9", "1796126400.0000000001", ".5", "99999999999999999999", "999999999999"} {
		_, err := parseStartAt(wrong)
		assert.ErrorContains(t, err, "want a date with its time and zone", wrong)
	}
	_, err := parseStartAt("+10s")
	assert.ErrorContains(t, err, "another one on each machine")
}

func TestRoomToPrepare(t *testing.T) {
	now := time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)
	const needed = 2 * time.Second
	for ahead, want := range map[time.Duration]string{
		-time.Nanosecond:               "by this machine's clock that was 0s ago",
		-90 * time.Second:              "that was 1m30s ago",
		needed - time.Nanosecond:       "need 2s",
		needed:                         "",
		farthestStart:                  "",
		farthestStart + 1:              "within 24h0m0s from now",
		200 * 365 * 24 * 60 * 60 * 1e9: "within 24h0m0s from now",
	} {
		err := roomToPrepare(now.Add(ahead), now, needed)
		if want == "" {
			assert.NoError(t, err, ahead)
		} else {
			assert.ErrorContains(t, err, want, ahead)
		}
	}
}

// The time is judged before anything is sent.
func TestStartAtIsJudgedFirst(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--start-at="}, `--start-at "": want a date`}, // once it began at once
		{[]string{"--start-at", "soon"}, "--start-at soon: want a date"},
		{[]string{"--start-at", "2026-01-01T00:00:00Z"}, "ago"},
		{[]string{"--start-at", fmt.Sprint(time.Now().Add(time.Hour).Unix()), "--warmup", "2h"}, "ramp, warm-up and --ceiling need 2h0m0s"},
		{[]string{"--start-at", fmt.Sprint(time.Now().Add(48 * time.Hour).Unix())}, "and not later"},
	} {
		code, stdout, stderr := ioflavors(t, append([]string{"load", nobody(t)}, test.args...)...)
		assert.Equal(t, 2, code, test.args)
		assert.Empty(t, stdout)
		assert.Contains(t, stderr, test.want)
	}
}

// The JSON has the time of the window, and the seed. If the machine is too busy to be ready
// in time, the error says how much time it needed.
func TestLoadStartsAtATime(t *testing.T) {
	addr := startModel(t)
	for ahead := time.Second; ; ahead *= 4 {
		at := time.Now().Add(ahead)
		code, stdout, stderr := ioflavors(t, "load", addr, "--start-at", at.Format(time.RFC3339Nano), "-d", "100ms", "--warmup", "50ms", "--seed", "0", "--json")
		if code == 1 && ahead < time.Minute {
			require.Contains(t, stderr, "choose a later --start-at")
			continue
		}
		require.Contains(t, []int{0, 3}, code, "on a busy machine the run may be void: %s", stderr)
		var report loadReport
		require.NoError(t, json.Unmarshal([]byte(stdout), &report))
		require.NotNil(t, report.Seed)
		assert.Zero(t, *report.Seed)
		w := report.Result.Window
		require.NotNil(t, w)
		assert.True(t, at.Equal(*w.Planned))
		assert.Equal(t, w.Began.Sub(at.Round(0)), w.Late)
		return
	}
}
