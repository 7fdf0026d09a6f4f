package server

import (
	"flag"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parse(args ...string) (l Limits, err error) {
	fs := flag.NewFlagSet("test", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	l.DefineFlags(fs)
	l.DefineTurnFlag(fs)
	return l, fs.Parse(args)
}

func TestFlagsSetLimits(t *testing.T) {
	l, err := parse("--max-frame", "64KiB", "--max-conns=7", "--idle-timeout", "90s", "--frame-timeout", "1s",
		"--write-timeout", "250ms", "--output-limit", "2MiB", "--memory-limit", "1GiB", "--drain-timeout", "3s", "--turn-limit", "-1")
	require.NoError(t, err)
	assert.Equal(t, Limits{
		MaxFrame: 64 << 10, MaxConns: 7,
		IdleTimeout: 90 * time.Second, FrameTimeout: time.Second, WriteTimeout: 250 * time.Millisecond,
		OutputLimit: 2 << 20, MemoryLimit: 1 << 30, DrainTimeout: 3 * time.Second, TurnLimit: -1,
	}, l)
}

func TestWithoutFlagsTheModelDecides(t *testing.T) {
	l, err := parse()
	require.NoError(t, err)
	assert.Zero(t, l)
	assert.Equal(t, time.Minute, l.withDefaults(false).IdleTimeout)
	assert.Equal(t, 5*time.Second, l.withDefaults(true).IdleTimeout, "where others have to wait")
	assert.Greater(t, Limits{IdleTimeout: -1}.withDefaults(true).IdleTimeout, 100*365*24*time.Hour/2)
}

func TestWrongFlagsAreErrors(t *testing.T) {
	for _, args := range [][]string{
		{"--max-frame", "0"}, {"--max-frame", "-2"}, {"--max-frame", "1MB"}, {"--max-frame", "much"}, {"--max-frame", "99999999GiB"},
		{"--max-frame", "-1KiB"}, {"--max-frame", "-9223372036854775808"}, {"--max-frame", "2147483648"}, {"--max-frame", "2GiB"}, {"--max-frame", "4294967295"},
		{"--output-limit", "2GiB"}, {"--memory-limit", "-5"}, {"--memory-limit", "9223372036854775807"}, {"--store-limit", "-2"},
		{"--max-conns", "0"}, {"--max-conns", "-2"}, {"--max-conns", "1.5"}, {"--max-conns", "99999999999"},
		{"--idle-timeout", "0"}, {"--idle-timeout", "5"}, {"--idle-timeout", "-5s"}, {"--memory-limit", ""},
	} {
		_, err := parse(args...)
		assert.Error(t, err, "%v", args)
	}
}

// A command's server has the given configuration, with the flags' changes.
func TestACommandMakesAServer(t *testing.T) {
	var made Config
	c := Command{Model: "test", Flags: func(fs *flag.FlagSet) func(Config) (Server, error) {
		workers := fs.Int("workers", 0, "")
		return func(cfg Config) (Server, error) {
			cfg.MaxConns = *workers
			made = cfg
			return nil, nil
		}
	}}
	_, err := c.New(Config{Limits: Limits{MaxFrame: 5}}, "--workers", "7")
	require.NoError(t, err)
	assert.Equal(t, Limits{MaxFrame: 5, MaxConns: 7}, made.Limits)
	_, err = c.New(Config{}, "--loops", "7")
	require.ErrorContains(t, err, "-loops")
}

func TestAVariantThatServesOneClient(t *testing.T) {
	assert.True(t, Variant{Clients: 1}.OneAtATime())
	assert.False(t, Variant{Clients: 2}.OneAtATime())
	assert.False(t, Variant{}.OneAtATime(), "any number")
}
