package charts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
	"github.com/ioflavors/ioflavors/tools/internal/report/plot"
	"github.com/ioflavors/ioflavors/tools/internal/report/reporttest"
)

func TestIdleBurn(t *testing.T) {
	f := Idle(reporttest.Sample(t))
	require.NotNil(t, f.Picture)
	assert.Equal(t, []string{"model", "0", "100", "1,000", "why it ended"}, f.Table.Head)
	assert.Equal(t, []string{"quick", "0.0 %", "0.0 %", "0.0 %", format.Absent}, reporttest.Row(t, f.Table, "quick"))
	assert.Equal(t, []string{"serial", "0.0 %", "0.0 % (1)", format.Absent, "it serves one client at a time"}, reporttest.Row(t, f.Table, "serial"))
	assert.Equal(t, []string{"spins", "100.0 %", "100.0 %", "100.0 % (965)", "the server holds 965 of 1000"}, reporttest.Row(t, f.Table, "spins"))
	assert.Equal(t, 3+2+3, reporttest.Paths(f.Picture, "track"), "no bar without a measurement")
}

func TestMemoryRamp(t *testing.T) {
	f := Memory(reporttest.Sample(t))
	require.NotNil(t, f.Picture)
	assert.Equal(t, []string{"quick", "10.0", "10.1", "11.0", "5.00", "0.98 KiB", format.Absent}, reporttest.Row(t, f.Table, "quick"))
	assert.Equal(t, []string{"serial", "10.0", "10.2 (1)", format.Absent, "5.00", format.Absent, "it serves one client at a time"}, reporttest.Row(t, f.Table, "serial"))
	assert.Equal(t, "the server holds 965 of 1000", reporttest.Row(t, f.Table, "spins")[6])
	assert.Contains(t, reporttest.Text(f.Picture), ", end 965")
	assert.Equal(t, 1+1, reporttest.Paths(f.Picture, "ring"), "one ended early, and the key")
	assert.Equal(t, 3+1, reporttest.Paths(f.Picture, "full c0"), "each step, and the head")
}

func TestNoIdleCells(t *testing.T) {
	r := reporttest.Sample(t)
	r.Idle = nil
	for _, f := range []*plot.Figure{Idle(r), Memory(r)} {
		assert.Nil(t, f.Picture)
		assert.NotEmpty(t, f.Missing)
	}
}
