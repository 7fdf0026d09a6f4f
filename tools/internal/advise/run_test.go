//go:build unix

package advise

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/labtest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/term"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

func adviseConfig(t *testing.T, modes ...string) Config {
	cfg := Config{Profile: testProfile(), Repeats: 2, Duration: 200 * time.Millisecond, Seed: 1}
	cfg.Connections, cfg.Active, cfg.Rate, cfg.P99 = 150, 10, 200, 5*time.Second
	for _, mode := range modes {
		cfg.Targets = append(cfg.Targets, labtest.Target(t, mode))
	}
	return cfg
}

func TestAdvise(t *testing.T) {
	cfg := adviseConfig(t, "right", "serial", "dies", "fails")
	var progress bytes.Buffer
	cfg.Progress = term.NewProgress(&progress)
	a, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.True(t, a.Complete)
	assert.Contains(t, a.option("fails").Reason, "no luck today")
	assert.Contains(t, a.option("dies").Reason, "exit status 4")
	assert.Contains(t, a.option("serial").Reason, "serves one client at a time")
	assert.Equal(t, 1, a.option("serial").Samples, "there is no use in measuring it again")
	right := a.option("right")
	for _, s := range a.Samples {
		if s.Model != "right" || s.Taken != "" { // a busy machine may take too long for anything
			continue
		}
		if s.Repeat == 1 && s.answered() >= hopelessShare {
			assert.GreaterOrEqual(t, right.Samples, 2, "there is use in measuring it again")
		}
		if s.Probe == "" {
			assert.Equal(t, 140, s.Silent)
		}
		assert.Empty(t, s.Short)
		if runtime.GOOS == "linux" {
			assert.Equal(t, s.Load.Requests > 0, s.Resources != nil, "in the window, a busy machine may answer nothing")
			assert.Positive(t, s.Base)
			assert.NotNil(t, s.Idle)
		}
	}
	// A busy machine may void every measurement; then nothing is known.
	if right.Counted > 0 && right.Missed == 0 {
		assert.Equal(t, "right", a.Recommended)
	}
	assert.Contains(t, progress.String(), "about ")
	assert.Regexp(t, `1 of 2: right: (p99 |not judged: )`, progress.String())

	text, err := json.Marshal(a)
	require.NoError(t, err)
	var again Advice
	require.NoError(t, json.Unmarshal(text, &again))
	assert.Equal(t, Schema, again.Schema)
	assert.Equal(t, a.Sentence, again.Sentence)
	assert.Len(t, again.Options, 4)
}

// A model that this system cannot run is started once, and is no option.
func TestAdviseWithoutThoseThatAreNotAvailable(t *testing.T) {
	cfg := adviseConfig(t, "unavailable", "right", "refuses")
	var progress bytes.Buffer
	cfg.Progress = term.NewProgress(&progress)
	a, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.ElementsMatch(t, []Absentee{{Model: "unavailable", Reason: "no io_uring: not permitted"}, {Model: "refuses", Reason: "no ring of mine"}}, a.NotAvailable)
	require.Len(t, a.Options, 1)
	assert.Equal(t, "right", a.Options[0].Model)
	for _, s := range a.Samples {
		assert.Equal(t, "right", s.Model)
	}
	assert.NotContains(t, a.Sentence, "not every model", "it does not keep the others from being recommended")
	assert.Equal(t, 2, strings.Count(progress.String(), "NOT AVAILABLE"))
	var out strings.Builder
	require.NoError(t, a.Report(&out, text.Style{}, 80))
	assert.Contains(t, out.String(), "unavailable was not tried, because it is not available here: no io_uring: not\n  permitted.\n")
	assert.Regexp(t, `(?m)^refuses +NOT AVAILABLE$`, out.String())

	cfg = adviseConfig(t, "unavailable")
	a, err = Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Empty(t, a.Recommended)
	assert.Contains(t, a.Sentence, "this system can run none of the models")
	require.NoError(t, a.Report(&out, text.Style{}, 80))
}

// The seed decides in which order the models are measured, so that a run can be
// repeated.
func TestTheSeedDecidesTheOrder(t *testing.T) {
	order := func(seed uint64) (models []string) {
		cfg := adviseConfig(t)
		cfg.Seed = seed
		for _, name := range strings.Split("abcdefgh", "") {
			cfg.Targets = append(cfg.Targets, results.Target{Name: name, Command: []string{t.TempDir() + "/none"}})
		}
		a, err := Run(t.Context(), cfg)
		require.NoError(t, err)
		for _, s := range a.Samples {
			models = append(models, s.Model)
		}
		require.Len(t, models, len(cfg.Targets), "none starts, so there is no use in measuring it again")
		return models
	}
	first := order(1)
	assert.Equal(t, first, order(1))
	assert.NotEqual(t, first, order(2))
}

// Connections for which there is no room are left out, and the advice says so.
func TestAdviseOnFewDescriptors(t *testing.T) {
	cfg := adviseConfig(t, "right")
	cfg.Repeats, cfg.descriptors = 1, 150
	a, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Equal(t, 50, a.Measured.Connections)
	assert.Equal(t, 40, a.Samples[0].Silent)
	assert.Contains(t, strings.Join(a.Limits, "\n"), "150 connections: descriptors and ports allow 50 here, 10 of them active.")
}

// After an interruption the advice has the measurements until then.
func TestAdviseInterrupted(t *testing.T) {
	cfg := adviseConfig(t, "right")
	cfg.Repeats = 1000
	ctx, cancel := context.WithCancel(t.Context())
	cfg.Progress = term.NewProgress(cancelAtMeasurement(cancel))
	a, err := Run(ctx, cfg)
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, a.Complete)
	require.Len(t, a.Samples, 1)
	var out strings.Builder
	require.NoError(t, a.Report(&out, text.Style{}, 80))
	assert.Contains(t, out.String(), "INTERRUPTED after 1 measurement.")
}

// cancelAtMeasurement interrupts when the first measurement is announced.
type cancelAtMeasurement context.CancelFunc

func (c cancelAtMeasurement) Write(p []byte) (int, error) {
	if strings.HasPrefix(string(p), "1 of ") {
		c()
	}
	return len(p), nil
}

func TestAdviseRefuses(t *testing.T) {
	for text, wrong := range map[string]func(*Config){
		"0 repeats":   func(c *Config) { c.Repeats = 0 },
		"duration 1h": func(c *Config) { c.Duration = time.Hour },
		"no servers":  func(c *Config) { c.Targets = nil },
		"rate -1":     func(c *Config) { c.Rate = -1 },
	} {
		cfg := adviseConfig(t, "right")
		wrong(&cfg)
		a, err := Run(t.Context(), cfg)
		assert.Nil(t, a)
		assert.ErrorContains(t, err, text)
	}
}
