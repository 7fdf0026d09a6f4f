package report

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

func TestIdleBurn(t *testing.T) {
	f := idleFigure(sample(t))
	require.NotNil(t, f.Picture)
	assert.Equal(t, []string{"model", "0", "100", "1,000", "why it ended"}, f.Table.Head)
	assert.Equal(t, []string{"quick", "0.0 %", "0.0 %", "0.0 %", format.Absent}, rowOf(t, f.Table, "quick"))
	assert.Equal(t, []string{"serial", "0.0 %", "0.0 % (1)", format.Absent, "it serves one client at a time"}, rowOf(t, f.Table, "serial"))
	assert.Equal(t, []string{"spins", "100.0 %", "100.0 %", "100.0 % (965)", "the server holds 965 of 1000"}, rowOf(t, f.Table, "spins"))
	assert.Equal(t, 3+2+3, marks(f.Picture, "track"), "no bar for what was not measured")
}

func TestMemoryRamp(t *testing.T) {
	f := memoryFigure(sample(t))
	require.NotNil(t, f.Picture)
	assert.Equal(t, []string{"quick", "10.0", "10.1", "11.0", "5.00", "0.98 KiB", format.Absent}, rowOf(t, f.Table, "quick"))
	assert.Equal(t, []string{"serial", "10.0", "10.2 (1)", format.Absent, "5.00", format.Absent, "it serves one client at a time"}, rowOf(t, f.Table, "serial"))
	assert.Equal(t, "the server holds 965 of 1000", rowOf(t, f.Table, "spins")[6])
	assert.Contains(t, pictureText(f.Picture), ", end 965")
	assert.Equal(t, 1+1, marks(f.Picture, "ring"), "one ended early, and the key")
	assert.Equal(t, 3+1, marks(f.Picture, "full c0"), "each step, and the head")
}

func TestNoIdleCells(t *testing.T) {
	r := sample(t)
	r.Idle = nil
	for _, f := range []*figure{idleFigure(r), memoryFigure(r)} {
		assert.Nil(t, f.Picture)
		assert.NotEmpty(t, f.Missing)
	}
}
