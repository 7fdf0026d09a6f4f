package claims

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

func TestTrialTable(t *testing.T) {
	r := reporttest.Sample(t)
	all := claimOf(t, r, "E6").Trials
	assert.Equal(t, []string{"model", "case", "silent connections", "requests/s", "p50", "p99", "clients served", "CPU/request", "switches/request", "RSS", "note"}, all.Head)
	assert.Len(t, all.Rows, 12)
	quick := reporttest.Row(t, all, "quick")
	assert.Equal(t, []string{"quick", "so many are silent", "0", "2,000"}, quick[:4])
	assert.Equal(t, []string{"10.0 µs", "2", "15 MiB", format.Absent}, quick[7:])
	assert.Equal(t, "it serves one client at a time", all.Rows[5][10])

	assert.Equal(t, []string{"quick", format.Absent, "1", "a: 1\nwakeups/s: 0"}, reporttest.Row(t, claimOf(t, r, "E8").Trials, "quick"))
	assert.Equal(t, []string{"model", "case", "note"}, claimOf(t, r, "Z99").Trials.Head, "columns without anything are left out")
	assert.Equal(t, "VOID: the generator was late", reporttest.Row(t, claimOf(t, r, "E10").Trials, "quick")[6])
	assert.Equal(t, []string{"serial", "a slow reader", format.Absent, "400", "the first unanswered probe: refused"}, reporttest.Row(t, claimOf(t, r, "E11").Trials, "serial"))
}
