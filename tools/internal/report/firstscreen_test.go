package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/answer"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

func TestTheAnswerIsOnThePage(t *testing.T) {
	r := reporttest.Sample(t)
	a := newPage(r).Answer
	require.Len(t, a.Heads, 6)
	for i, anchor := range []string{"cpu", "rate", "idle-burn", "idle-burn", "E2", "E10"} {
		assert.Equal(t, anchor, a.Heads[i].Evidence, a.Heads[i].Name)
	}
	page := written(t, r)[FileName]
	assert.Contains(t, page, `<h1 id="answer-h">`+a.Finding+"</h1>")
	for _, line := range a.Lines {
		for i, field := range line.Fields {
			assert.Equal(t, map[answer.Grade]string{answer.Best: "good", answer.Hurts: "bad"}[field.Grade], field.Class, "%s, %s", line.Server, a.Heads[i].Name)
			assert.Equal(t, field.Class == "", field.Says == "", "a mark has words")
			assert.InDelta(t, 100*field.Bar, field.Width, 0.5)
		}
	}
	assert.Contains(t, page, `<td role="cell" class="bad"><span class="name">Longest wait</span><b>2.00 s</b> <i role="img" aria-label="likely to hurt">▲</i>`)
	assert.Contains(t, page, "<dt>serial, Memory per idle client</dt><dd>it holds one client at a time</dd>")
}

// A column without a figure has no place to go to, and its command instead.
func TestColumnsThatWereNotMeasured(t *testing.T) {
	r := reporttest.Sample(t)
	r.Claims, r.Trials, r.Idle = nil, nil, nil
	a := newPage(r).Answer
	var names []string
	for _, u := range a.Unmeasured {
		names = append(names, u.Name)
		assert.Regexp(t, `^ioflavors lab --only (idle|E2|E10) --only eventloop --models 'busywait --one-at-a-time'$`, u.Value)
	}
	assert.Equal(t, []string{"Memory per idle client, 1,000 silent · CPU when idle, of a core, all clients silent", "Longest wait, beside a slow client", "Cheap requests, p99, beside a slow handler"}, names)
	assert.Empty(t, a.Heads[5].Evidence)
	for _, reason := range a.Reasons {
		assert.NotContains(t, reason.Name, "idle client", "the column's line says it once")
	}
}

// A column whose measurements are all void says so: to measure it again is no help.
func TestAColumnThatIsVoid(t *testing.T) {
	r := reporttest.Sample(t)
	for i := range r.Open {
		r.Open[i].Load.Void = []string{"the generator was late"}
	}
	require.NoError(t, r.Summarize())
	a := newPage(r).Answer
	assert.Equal(t, []pair{{"Response time, p99", "quick: the generator was late"}, {"Cheap requests, p99", "quick: there is one core"}}, a.Void)
	for _, u := range a.Unmeasured {
		assert.NotContains(t, u.Name, "Response time")
	}
}

// The words of a name are not broken, if they have room.
func TestShortWordsAreNotBroken(t *testing.T) {
	assert.Equal(t, []word{{"multiblocking", true}, {"--os-threads", true}}, words("multiblocking --os-threads"))
	assert.False(t, words("a-name-of-more-than-twenty-letters")[0].Short)
}
