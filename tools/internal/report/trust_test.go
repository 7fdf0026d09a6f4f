package report

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
	"github.com/ioflavors/ioflavors/tools/internal/results"
)

func TestVoidCellsAreListed(t *testing.T) {
	r := reporttest.Sample(t)
	r.Open[5].Load.Void = append(r.Open[5].Load.Void, "and busy")
	all := newTrust(r)
	assert.Equal(t, []string{
		"serial, 2,000/s, round 1: the generator was late: 30µs by p99; and busy",
		"spins, 8,000/s, round 1: the generator was late: 30µs by p99",
	}, all.Voids)
	assert.Equal(t, 12, all.OpenCells)
	assert.Equal(t, []string{"serial", "0 of 1", "1 of 1", "0 of 1", "0 of 1"}, reporttest.Row(t, all.VoidCounts, "serial"))
	page := written(t, r)[FileName]
	assert.Contains(t, page, "2 of 12 cells say more about")
	assert.Contains(t, page, "30µs by p99; and busy")
}

func TestLateness(t *testing.T) {
	r := reporttest.Sample(t)
	r.Open[0].Load.Generator.Ceiling, r.Open[0].Load.Rate = 2000, 1400
	r.Open[1].Load.Response.P99 = 0
	table := lateness(r)
	require.Len(t, table.Rows, len(r.Open), "each cell")
	assert.Equal(t, []string{"quick, 1,000/s, round 1", "2.96 µs", "59.2 µs", "5.0 %", "≥ 70.0 %", ""}, table.Rows[0])
	assert.Equal(t, format.Absent, table.Rows[1][3], "no p99, no share")
	assert.Equal(t, "VOID", table.Rows[5][5])
}

func TestCeilings(t *testing.T) {
	r := reporttest.Sample(t)
	table := ceilings(r)
	assert.Equal(t, []string{"the ceiling", "6,000", "50,000"}, table.Rows[0])
	quick := reporttest.Row(t, table, "quick")
	assert.Equal(t, "5,200 · ≥ 86.7 %", quick[1])
	assert.Equal(t, "10,200 · 20.4 %", quick[2])
	r.Ceiling = nil
	assert.Equal(t, "5,200", reporttest.Row(t, ceilings(r), "quick")[1])
	assert.Equal(t, "≥ 70.0 %", ofCeiling(0.7))
	assert.Equal(t, "69.6 %", ofCeiling(0.696))
}

func TestSteal(t *testing.T) {
	r := reporttest.Sample(t)
	cells, known := stolen(r)
	assert.Empty(t, cells)
	assert.False(t, known)
	little, much := 0.05, 0.051
	r.Runs[0].Steal, r.Runs[1].Steal, r.Open[0].Steal = &little, &much, &much
	r.Again = []results.Cell{{Server: "quick", Round: 2, Steal: &much}}
	cells, known = stolen(r)
	assert.True(t, known)
	assert.Equal(t, []string{"quick, 50 × 16, round 1: 5.1 %", "quick (A/A), 1 conn, round 2: 5.1 %", "quick, 1,000/s, round 1: 5.1 %"}, cells)
}

func TestTheRestOfTrust(t *testing.T) {
	r := reporttest.Sample(t)
	r.Environment.Pauses = results.Pauses{PerSecond: 1414, Share: 0.065, Median: 40_797, Longest: 233 * time.Microsecond}
	r.Servers[0].Binary, r.Servers[1].Binary = strings.Repeat("ab", 32), strings.Repeat("ab", 32)
	all := newTrust(r)
	assert.Equal(t, []pair{{"pauses in a second", "1,414"}, {"of the time", "6.5 %"}, {"median", "40.8 µs"}, {"longest", "233 µs"}}, all.Pauses)
	assert.Equal(t, []pair{{"quick, serial", strings.Repeat("ab", 32)}, {"spins", "not known"}}, all.Binaries)
	page := written(t, r)[FileName]
	assert.Equal(t, 1, strings.Count(page, "the weather: there is no window"), "once, in its own list")
	assert.Equal(t, []pair{{"pauses", "none was seen"}}, pauses(results.Pauses{}))
}

// A disturbed run says so before all else, and beside each verdict that it
// touches. The page names rules that were not judged, and does not count them
// as failures.
func TestADisturbedPageSaysSoFirst(t *testing.T) {
	r := reporttest.Sample(t)
	assert.NotContains(t, written(t, r)[FileName], "DISTURBED")
	most := 0.8
	r.Environment.Others = &most
	r.Claims[0].Disturbed = true
	r.Servers[0].Rules.NotJudged = []results.Failure{{Rule: "storm", Reason: "the server waited for a core"}}
	page := written(t, r)[FileName]
	_, body, _ := strings.Cut(page, "<body>")
	assert.Regexp(t, `^\s*<header>\s*<p class="alarm">DISTURBED: 81 % of`, body)
	decided := 0
	for _, f := range r.Claims[0].Findings {
		if f.Verdict.Decided() {
			decided++
		}
	}
	assert.Equal(t, 2+decided, strings.Count(page, `<span class="badge">DISTURBED</span>`), "on the card, on the section, and at each finding")
	assert.Contains(t, page, "<li>quick: storm: the server waited for a core</li>")
	assert.Empty(t, newTrust(r).Failed)

	r.OpenSummary = []results.OpenSummary{{Server: "quick", Void: 3, Reason: "the generator waited"}}
	assert.Contains(t, written(t, r)[FileName], "VOID: this run shows next to nothing: 3 of 3 cells")
}

// A stall check that shows no stop is an alarm at the top of the page.
func TestAStallThatIsNotShownIsAnAlarm(t *testing.T) {
	r := reporttest.Sample(t)
	r.StallCheck.Open.Response.P99 = time.Millisecond
	assert.Contains(t, written(t, r)[FileName], `<p class="alarm">DO NOT TRUST`)
}
