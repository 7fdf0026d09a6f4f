package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/experiments"
	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/results"
	"github.com/ioflavors/ioflavors/tools/internal/self"
)

func claimOf(t *testing.T, r *results.Results, id string) *claim {
	t.Helper()
	for _, c := range claims(r) {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("no claim %s", id)
	return nil
}

func TestClaimsInOrder(t *testing.T) {
	r := sample(t)
	slices.Reverse(r.Claims)
	slices.Reverse(r.Trials)
	var ids []string
	for _, c := range claims(r) {
		ids = append(ids, c.ID)
	}
	assert.Equal(t, []string{"E2", "E6", "E8", "E10", "E11", "Z99"}, ids)
}

func TestTheWallComesFirst(t *testing.T) {
	page := written(t, sample(t))[FileName]
	wall, section, cost := strings.Index(page, `id="claims"`), strings.Index(page, `<section id="E2"`), strings.Index(page, `<section id="cost"`)
	require.Positive(t, wall)
	assert.Less(t, wall, section)
	assert.Less(t, section, cost)
	for _, want := range []string{
		`<a href="#E2">E2</a>`, "A single slow client can stall other clients.", `<blockquote cite="` + results.Article,
		"✓</span> CONFIRMED", "✗</span> REFUTED", "◐</span> ONLY WHEN …", "… there are 1,000 connections or more", "?</span> NOT MEASURABLE HERE",
		"SOMETHING NEW", "NO VERDICT", "<strong>2.00 s</strong>", "(1.99–2.01 s)", "≠ predicted was CONFIRMED", "Not as predicted: quick",
		"Close, another run could decide otherwise: spins",
	} {
		assert.Contains(t, page, want)
	}
}

func TestNoClaims(t *testing.T) {
	r := sample(t)
	r.Claims, r.Trials = nil, nil
	files := written(t, r)
	assert.NotContains(t, files[FileName], "put to the test</h2>")
	assert.NotContains(t, files[FileName], `href="#claims"`)
	assert.NotContains(t, files, "marks.svg")

	r = sample(t)
	r.Claims = nil
	assert.Contains(t, written(t, r)[FileName], "it was not judged", "there are runs")
	r = sample(t)
	r.Trials = nil
	assert.Contains(t, written(t, r)[FileName], "CONFIRMED", "there are verdicts")
	r.Claims[0].Findings = nil
	assert.Nil(t, claimOf(t, r, "E2").Number)
}

// Where nothing could be measured there is a reason and no number, which would
// be 0.
func TestNotMeasurable(t *testing.T) {
	c := claimOf(t, sample(t), "E10")
	assert.Empty(t, c.Number.Value)
	assert.Equal(t, "there is one core", c.Number.Why)
	assert.Equal(t, format.Absent, c.Findings[0].Value)
	assert.Nil(t, c.Strip)
}

func TestAForeignNumberIsNoFileName(t *testing.T) {
	r := sample(t)
	r.Claims[0].Experiment = "../../E2"
	for _, c := range claims(r) {
		assert.Regexp(t, `^[Ex][0-9]+$`, c.Anchor)
	}
}

// The command has the run's choices but for what else was measured.
func TestToRepeatOneClaim(t *testing.T) {
	r := sample(t)
	assert.Equal(t, "ioflavors lab --only E2 --seed 7 --only eventloop --models 'busywait --one-at-a-time'", claimOf(t, r, "E2").Repeat)
	assert.True(t, claimOf(t, r, "E2").Short)
	r.Command, r.Plan.AllClaims = nil, true
	assert.Equal(t, self.String()+" lab --only E2 --seed 7", claimOf(t, r, "E2").Repeat)
	r.Command = []string{"go", "run", "./tools/cmd/ioflavors", "lab", "--seed", "7", "--quick"}
	assert.Equal(t, "go run ./tools/cmd/ioflavors lab --only E2 --seed 7", claimOf(t, r, "E2").Repeat, "as the user has started it")
	assert.Equal(t, "go run ./tools/cmd/ioflavors report", newTrust(r).Remake)
	assert.False(t, claimOf(t, r, "E2").Short)
}

// What parts of the lab a claim is judged by is on the page already.
func TestClaimsLinkToSections(t *testing.T) {
	page := written(t, sample(t))[FileName]
	for part, l := range sections {
		assert.Contains(t, page, `<section id="`+l.Anchor+`"`, part)
	}
	for _, e := range experiments.All() {
		assert.Len(t, elsewhere(&e.Statement), len(e.Parts), e.ID)
	}
}

func TestStrip(t *testing.T) {
	r := sample(t)
	p := claimOf(t, r, "E2").Strip
	require.NotNil(t, p)
	assert.Equal(t, 1, marks(p, "ring"), "the number to quote")
	assert.Equal(t, 1, marks(p, "full c1"), "serial: confirmed")
	assert.Equal(t, 1, marks(p, "hollow c0"), "quick: refuted")
	assert.Contains(t, p.Desc, "quick 300 µs, REFUTED; serial 2.00 s, CONFIRMED; spins 40.0 ms, REFUTED")
	assert.Contains(t, p.Desc, "logarithmic", "they spread widely")
	assert.NotContains(t, claimOf(t, r, "E6").Strip.Desc, "logarithmic")
	assert.Contains(t, pictureText(p), "10 ms")
}

func TestUnitsOnAnAxis(t *testing.T) {
	x, ok := fitting([]float64{0, 8}, 0, 300)
	require.True(t, ok)
	for unit, want := range map[string]string{"ms": "2 ms", "%": "2 %", "": "2", "calls/request": "2"} {
		labels := amountLabels(x, unit)
		assert.Equal(t, "0", labels[0].text)
		assert.Equal(t, want, labels[1].text)
	}
}

func TestEqualNumbersAreStacked(t *testing.T) {
	x, ok := fitting([]float64{1, 1, 5, 1.01}, 0, 300)
	require.True(t, ok)
	var all []placed
	for _, n := range []float64{1, 1, 5, 1.01} {
		all = append(all, placed{Finding: results.Finding{Number: n}})
	}
	assert.Equal(t, []int{0, 1, 0, 2}, stacked(all, x))
}

func TestFindings(t *testing.T) {
	r := sample(t)
	c := claimOf(t, r, "E2")
	f := c.Pictures[len(c.Pictures)-1]
	assert.Equal(t, []string{"spins", "REFUTED", "40.0 ms", "30.0 ms–1.50 s"}, rowOf(t, f.Table, "spins"))
	assert.Equal(t, []string{"quick", "REFUTED", "300 µs", format.Absent}, rowOf(t, f.Table, "quick"))
	assert.Equal(t, 2*3+1*3, marks(f.Picture, "whisker"), "of those with a range, and in the key")
	assert.True(t, c.Findings[2].Close)
	assert.True(t, claimOf(t, r, "E6").Findings[0].Surprising)
}
