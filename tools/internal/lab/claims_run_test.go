//go:build unix

package lab

import (
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Slow requests are made beside the cheap ones, and take their time.
func TestASlowHandlerIsMeasured(t *testing.T) {
	b := &bench{progress: new(Progress), results: &Results{}}
	s := &Server{Subject: testSubject(t, "handler")}
	require.NoError(t, b.with(t.Context(), s.with("--slow-sleep", slowTime.String()), func(p *process) error {
		return b.besideSlow(t.Context(), s, p, "sleeps", 1)
	}))
	require.Len(t, b.results.Trials, 1)
	assert.NoError(t, b.results.Trials[0].Load.Errors.Err())
	assert.Positive(t, b.results.Trials[0].Load.Requests)
	assert.Len(t, s.Command, 3, "the server's own command is as it was")
}

func TestASlowHandlerNeedsAServerOfOurs(t *testing.T) {
	b := &bench{progress: new(Progress), results: &Results{}}
	for _, s := range []Subject{{Name: "singleblocking", OneAtATime: true}, {Name: "other", Foreign: true}} {
		server := &Server{Subject: s}
		assert.Zero(t, experimentHandler.takes(Plan{}, server))
		assert.Error(t, experimentHandler.run(t.Context(), b, server))
	}
	assert.Empty(t, b.results.Trials)
}

// When the server breaks under the slow requests, that is told.
func TestSlowRequestsThatFail(t *testing.T) {
	b := &bench{progress: new(Progress), results: &Results{}}
	s := &Server{Subject: testSubject(t, "dies")} // at a get
	err := b.with(t.Context(), s.Subject, func(p *process) error { return b.besideSlow(t.Context(), s, p, "sleeps", 1) })
	require.ErrorContains(t, err, "exit status 4")
}

// A server is loaded over connections that stay, and over some that do not.
func TestAPoolIsMeasured(t *testing.T) {
	b := &bench{progress: new(Progress), results: &Results{}}
	s := &Server{Subject: testSubject(t, "handler")}
	s.Name = poolBase
	require.NoError(t, b.with(t.Context(), s.with("--slow-prefix", "key:", "--slow-burn", "1us"), func(p *process) error {
		return errors.Join(b.poolSteady(t.Context(), s, p, 1, poolCases[0]), b.poolChurn(t.Context(), s, p))
	}))
	require.Len(t, b.results.Trials, 2)
	steady, churn := b.results.Trials[0], b.results.Trials[1]
	assert.NoError(t, steady.Load.Errors.Err())
	assert.Positive(t, steady.Load.Requests)
	assert.Positive(t, churn.Figures[poolClients])
	if runtime.GOOS == "linux" {
		assert.Len(t, b.results.poolCosts(poolBase, poolCases[0]), 1)
		assert.Len(t, b.results.poolCosts(poolBase, poolCases[1]), 1)
	}
}
