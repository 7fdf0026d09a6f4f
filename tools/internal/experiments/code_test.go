package experiments

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/bench"
	"github.com/ioflavors/ioflavors/tools/internal/models"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestCountFile(t *testing.T) {
	c, err := countFile("x.go", []byte(`// Package x is a comment.
package x

import "io"

/* another
one */
func f() error {
	if n, err := g(); n > 0 { // no error in the condition
		return err
	} else if errors.Is(err, io.EOF) {
		return nil
	}
	switch {
	case x == nil, readErr != nil:
	case sock.ErrWouldBlock == y:
	default:
	}
	return errors.New(`+"`two\nlines`"+`)
}
`))
	require.NoError(t, err)
	assert.Equal(t, code{lines: 16, branches: 3}, c)
	_, err = countFile("x.go", []byte("package"))
	assert.Error(t, err)
}

// The checkout's own models are counted.
func TestTheModelsAreCounted(t *testing.T) {
	if _, err := models.Checkout("."); err != nil {
		t.Skip(err)
	}
	r := &results.Results{}
	for _, s := range models.Models("ioflavors") {
		server := &results.Server{Target: s, Rules: &results.Conformance{Passed: 1, Total: 1}}
		r.Servers = append(r.Servers, server)
		require.NoError(t, experimentCode.run(t.Context(), &bench.Bench{Results: r}, server))
		f, measured := experimentCode.judge(r, server)
		require.True(t, measured)
		assert.Positive(t, f.Number)
		assert.Contains(t, f.Why, "on errors, and with what its kind shares: ")
		assert.Contains(t, f.Why, "; 1/1 rules passed")
		t.Log(s.Name, f)
	}
	foreign := &results.Server{Target: results.Target{Name: "eventloop of mine", Foreign: true}}
	require.NoError(t, experimentCode.run(t.Context(), &bench.Bench{Results: r}, foreign))
	_, measured := experimentCode.judge(r, foreign)
	assert.False(t, measured)
}

func TestWithoutSourceTheCodeIsNotMeasurable(t *testing.T) {
	t.Chdir(t.TempDir())
	s := &results.Server{Target: results.Target{Name: "eventloop"}}
	b := &bench.Bench{Results: &results.Results{Servers: []*results.Server{s}, Plan: results.Plan{Experiments: []string{"E0"}}}}
	_, err := experimentCode.Measure(t.Context(), b, s)
	require.NoError(t, err)
	f, measured := experimentCode.judge(b.Results, s)
	require.True(t, measured)
	assert.Equal(t, results.NotMeasurable, f.Verdict)
	here, err := os.Getwd()
	require.NoError(t, err)
	assert.Equal(t, "the code was not counted, because "+here+" is not within a checkout of ioflavors", f.Why)
}

// Fewer lines are not enough, and the finding counts the shared code.
func TestLinesAndBranchesDecide(t *testing.T) {
	s := &results.Server{Target: results.Target{Name: "singleblocking"}}
	for _, test := range []struct {
		own, shared code
		want, sum   results.Verdict
	}{
		{own: code{50, 3}, want: results.Confirmed, sum: results.Confirmed},
		{own: code{50, 3}, shared: code{60, 3}, want: results.Confirmed, sum: results.OnlyWhen},
		{own: code{50, 3}, shared: code{20, 7}, want: results.Confirmed, sum: results.OnlyWhen},
		{own: code{50, 10}, want: results.Refuted, sum: results.Refuted},
		{own: code{100, 3}, want: results.Refuted, sum: results.Refuted},
	} {
		r := &results.Results{Trials: []results.Trial{{Experiment: "E0", Server: s.Name, Figures: map[string]float64{
			"lines of singleblocking": test.own.lines, "branches on errors of singleblocking": test.own.branches,
			"lines of common/blocking": test.shared.lines, "branches on errors of common/blocking": test.shared.branches,
			"lines of busywait": 100, "branches on errors of busywait": 10,
			"lines of eventloop": 300, "branches on errors of eventloop": 12,
			"lines of iouring": 90, "branches on errors of iouring": 20,
		}}}}
		f, measured := experimentCode.judge(r, s)
		require.True(t, measured)
		assert.Equal(t, test.want, f.Verdict, "%+v", test)
		assert.Contains(t, f.Why, "busywait 100 and 10")
		assert.Contains(t, f.Why, "iouring 90 and 20, 90 and 20 with common/nonblocking")
		f.Server = s.Name
		v, when := experimentCode.sum(r, []results.Finding{f})
		assert.Equal(t, test.sum, v, "%+v", test)
		assert.Equal(t, v == results.OnlyWhen, when != "")
	}
}
