package lab

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFormat(t *testing.T) {
	for x, want := range map[float64]string{0: "0.00", 0.974: "0.97", 9.994: "9.99", 9.996: "10.0", 45.67: "45.7", 99.96: "100", 1234: "1234"} {
		assert.Equal(t, want, threeDigits(x))
	}
	for d, want := range map[time.Duration]string{
		0: "–", 9240: "9.24µs", 20_500: "20.5µs", 999_400: "999µs", 999_600: "1.00ms", 12_345_000: "12.3ms",
		999_600_000: "1.00s", 2_500_000_000: "2.50s",
	} {
		assert.Equal(t, want, latency(d))
	}
	for x, want := range map[float64]string{0: "0", 999: "999", 999.6: "1,000", 45123: "45,123", 1234567: "1,234,567"} {
		assert.Equal(t, want, thousands(x))
	}
	assert.Equal(t, "99.8 %", percent(0.998))
	assert.Equal(t, "12.5", mebibytes(12.5*(1<<20)))
}

func TestWrap(t *testing.T) {
	assert.Equal(t, "a bb ccc\n  dddd\n  ee", wrap("a bb ccc dddd ee", 8, "  "))
	assert.Equal(t, "a\n\tb c", wrap("a\n\tb c", 8, "  "))
	assert.Equal(t, "µµµ µµµ", wrap("µµµ µµµ", 7, ""), "characters, not bytes")
}

func TestGrid(t *testing.T) {
	g := &grid{
		columns: []column{{"", "NAME"}, {"a long heading", "X"}, {"a long heading", "Y"}, {"", "Z"}},
		rows: []row{
			{cells: []string{"first", "1", "22", "333"}},
			{cells: []string{"2nd", "µµ"}, rest: "gave up"},
		},
	}
	var out strings.Builder
	require.NoError(t, g.write(&out, Style{}))
	assert.Equal(t, strings.Join([]string{
		"        a long heading",
		"NAME     X           Y     Z",
		"first    1          22   333",
		"2nd     µµ  gave up",
		"",
	}, "\n"), out.String())

	out.Reset()
	require.NoError(t, g.write(&out, ANSI))
	assert.Contains(t, out.String(), "\x1b[1m2nd  \x1b[0m   µµ  \x1b[31mgave up\x1b[0m\n")
}
