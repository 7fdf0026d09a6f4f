package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

// The reader sees the answer before its evidence, and the evidence before the method.
func TestTheOrderOfThePage(t *testing.T) {
	page := written(t, reporttest.Sample(t))[FileName]
	last := 0
	for _, id := range []string{"answer", "cost", "cpu", "time", "syscalls", "limits", "waiting", "rate", "open", "latency", "stop", "capacity", "idle", "idle-burn", "silent", "claims", "models", "trust", "noise", "table", "repeat"} {
		at := strings.Index(page, `<section id="`+id+`"`)
		require.Greater(t, at, last, id)
		last = at
	}
}

// Each link within the page has a target.
func TestLinksWithinThePage(t *testing.T) {
	r := reporttest.Sample(t)
	for range 2 {
		page := written(t, r)[FileName]
		for _, found := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(page, -1) {
			assert.Equal(t, 1, strings.Count(page, ` id="`+found[1]+`"`), found[1])
		}
		r.Claims, r.Trials, r.Idle, r.Open, r.OpenSummary, r.Runs, r.Summary, r.Capacity = nil, nil, nil, nil, nil, nil, nil, nil
	}
}

// What was not measured takes a line, with the command that measures it.
func TestAnEmptyGroupIsALineWithACommand(t *testing.T) {
	r := reporttest.Sample(t)
	r.Capacity, r.StallCheck, r.Trials = nil, nil, nil
	page := written(t, r)[FileName]
	for _, want := range []string{
		`<p id="capacity" class="missing">Capacity was not searched for. To measure it: <code>ioflavors lab --only capacity --only eventloop --models &#39;busywait --one-at-a-time&#39;</code>`,
		`<p id="stop" class="missing">The stall check was not made. To measure it: <code>ioflavors lab --only stall-check `,
		`<p id="silent" class="missing">The cost of a request against the number of silent connections was not measured. To measure it: <code>ioflavors lab --only E6 `,
	} {
		assert.Contains(t, page, want)
	}
	assert.NotContains(t, page, `<section id="capacity"`)
}

func TestTheTextFillsTheRow(t *testing.T) {
	one, two := &plot.Figure{Picture: &plot.Picture{}}, &plot.Figure{Picture: &plot.Picture{}, Wide: &plot.Picture{}}
	for _, c := range []struct {
		figures []*plot.Figure
		beside  int
		odd     bool
	}{
		{nil, 0, false},
		{[]*plot.Figure{one}, 2, true},
		{[]*plot.Figure{two}, 1, false},
		{[]*plot.Figure{one, two}, 0, true},
		{[]*plot.Figure{one, one, one, one}, 2, false},
	} {
		assert.Equal(t, c.beside, group{Figures: c.figures}.Beside())
		assert.Equal(t, c.odd, group{Figures: c.figures}.Odd())
	}
}
