package report

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
)

func claimOf(t *testing.T, r *results.Results, id string) claim {
	t.Helper()
	for _, c := range newClaims(r) {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no claim %s", id)
	return claim{}
}

func TestClaimsAreCardsThenFolded(t *testing.T) {
	page := written(t, reporttest.Sample(t))[FileName]
	wall, folded, idle := strings.Index(page, `id="claims"`), strings.Index(page, `<details class="claim"><summary><h3>E2 `), strings.Index(page, `<section id="idle"`)
	require.Positive(t, idle)
	assert.Less(t, idle, wall)
	assert.Less(t, wall, folded)
	for _, want := range []string{
		`<a href="#E2">E2</a>`, `<div id="E2" class="evidence">`, "A single slow client can stall other clients.", `<blockquote cite="` + results.Article,
		"✓</span> CONFIRMED", "≠</span> REFUTED", "◐</span> ONLY WHEN …", "… there are 1,000 connections or more", "?</span> NOT MEASURABLE HERE",
		"SOMETHING NEW", "NO VERDICT", "<strong>2.00 s</strong>", "(1.99–2.01 s)", "not as predicted (yes)", "Not as predicted: quick",
		"Close, another run could decide otherwise: spins", `<td class="words"><b>yes</b></td><td>2.00 s</td>`, `<td class="words"><b>no</b></td><td>300 µs</td>`,
		"<dt>predicted yes</dt>",
	} {
		assert.Contains(t, page, want)
	}
}

func TestNoClaims(t *testing.T) {
	r := reporttest.Sample(t)
	r.Claims, r.Trials = nil, nil
	files := written(t, r)
	assert.NotContains(t, files[FileName], "put to the test</h2>")
	assert.NotContains(t, files[FileName], `href="#claims"`)
	assert.NotContains(t, files[FileName], `href="#E2"`, "no evidence, no link")
	assert.Contains(t, files[FileName], "Longest wait, beside a slow client: not measured. To measure it: <code>ioflavors lab --only E2 ")
	assert.NotContains(t, files, "marks.svg")

	r = reporttest.Sample(t)
	r.Claims = nil
	assert.Contains(t, written(t, r)[FileName], "it was not judged", "there are runs")
	r = reporttest.Sample(t)
	r.Trials = nil
	assert.Contains(t, written(t, r)[FileName], "CONFIRMED", "there are verdicts")
	r.Claims[0].Findings = nil
	assert.Nil(t, claimOf(t, r, "E2").Headline)
}

// The command has the run's choices, without the other parts and claims that
// the run measured.
func TestToRepeatOneClaim(t *testing.T) {
	r := reporttest.Sample(t)
	assert.Equal(t, "ioflavors lab --only E2 --seed 7 --only eventloop --models 'busywait --one-at-a-time'", claimOf(t, r, "E2").Repeat)
	assert.True(t, claimOf(t, r, "E2").Short)
	r.Command, r.Plan.AllClaims = nil, true
	assert.Equal(t, self.String()+" lab --only E2 --seed 7", claimOf(t, r, "E2").Repeat)
	r.Command = []string{"go", "run", "./tools/cmd/ioflavors", "lab", "--seed", "7", "--quick"}
	assert.Equal(t, "go run ./tools/cmd/ioflavors lab --only E2 --seed 7", claimOf(t, r, "E2").Repeat, "as the user has started it")
	assert.Equal(t, "go run ./tools/cmd/ioflavors report", newTrust(r).Remake)
	assert.False(t, claimOf(t, r, "E2").Short)
}

// The parts of the lab that judge a claim have sections of their own on the
// page.
func TestClaimsLinkToSections(t *testing.T) {
	page := written(t, reporttest.Sample(t))[FileName]
	for part, l := range sections {
		assert.Contains(t, page, `<section id="`+l.Anchor+`"`, part)
	}
	assert.Contains(t, page, `Its pictures are in other sections, too: <a href="#silent">`)
	for _, e := range experiments.All() {
		assert.Len(t, elsewhere(e.Parts), len(e.Parts), e.ID)
	}
}
