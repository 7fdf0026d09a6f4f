package text

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func wideGrid() *Table {
	return &Table{
		Columns: []Column{{"", "NAME"}, {"", "RULES"}, {"times", "P50"}, {"times", "P99"}, {"calls", "read"}, {"calls", "write"}},
		Rows: []Row{
			{Cells: []string{"one", "5/5", "1", "2", "3", "4"}, Remark: "DNF"},
			{Cells: []string{"another", "4/5"}, Remark: "DNF: fails"},
		},
	}
}

func TestGridInBlocks(t *testing.T) {
	text := func(width int) string {
		var blocks []string
		for _, b := range wideGrid().Split(width) {
			assert.True(t, b.fits(width), b.Text(Style{}))
			blocks = append(blocks, b.Text(Style{}))
		}
		return strings.Join(blocks, "\n")
	}
	whole := wideGrid().Text(Style{})
	assert.Equal(t, whole, text(44))
	assert.Equal(t, strings.Join([]string{
		"                    times",
		"NAME     RULES   P50  P99",
		"one        5/5     1    2  DNF",
		"another    4/5  DNF: fails",
		"",
		"             calls",
		"NAME   read  write",
		"one       3      4",
		"",
	}, "\n"), text(36), "a heading stays with its columns, a remark is made once, and a row needs something to tell")
	assert.Contains(t, text(29), "\nNAME   P50  P99   read  write\n")
}

func TestGridHasNoEmptyBlocks(t *testing.T) {
	g := wideGrid()
	g.Rows = g.Rows[1:]
	assert.Len(t, g.Split(36), 1)
}

// A group that does not fit alone is parted, with its heading on both parts.
func TestGridPartsAGroup(t *testing.T) {
	g := &Table{
		Columns: []Column{{"", "NAME"}, {"calls", "read"}, {"calls", "write"}, {"calls", "futex"}},
		Rows:    []Row{{Cells: []string{"x", "1", "2", "3"}}},
	}
	var blocks []string
	for _, b := range g.Split(20) {
		blocks = append(blocks, b.Text(Style{}))
	}
	assert.Equal(t, []string{
		"             calls\nNAME   read  write\nx         1      2\n",
		"       calls\nNAME   futex\nx          3\n",
	}, blocks)
}

func TestWrap(t *testing.T) {
	assert.Equal(t, "a bb ccc\n  dddd\n  ee", Wrap("a bb ccc dddd ee", 8, "  "))
	assert.Equal(t, "a\n\tb c", Wrap("a\n\tb c", 8, "  "))
	assert.Equal(t, "µµµ µµµ", Wrap("µµµ µµµ", 7, ""), "characters, not bytes")
}

func TestGrid(t *testing.T) {
	g := &Table{
		Columns: []Column{{"", "NAME"}, {"a long heading", "X"}, {"a long heading", "Y"}, {"", "Z"}},
		Rows: []Row{
			{Cells: []string{"first", "1", "22", "333"}},
			{Cells: []string{"2nd", "µµ"}, Remark: "gave up"},
		},
	}
	var out strings.Builder
	require.NoError(t, g.Write(&out, Style{}))
	assert.Equal(t, strings.Join([]string{
		"        a long heading",
		"NAME     X           Y     Z",
		"first    1          22   333",
		"2nd     µµ  gave up",
		"",
	}, "\n"), out.String())

	out.Reset()
	require.NoError(t, g.Write(&out, ANSI))
	assert.Contains(t, out.String(), "\x1b[1m2nd  \x1b[0m   µµ  \x1b[31mgave up\x1b[0m\n")
}
