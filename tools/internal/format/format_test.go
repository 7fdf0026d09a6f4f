package format

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestFormat(t *testing.T) {
	for x, want := range map[float64]string{0: "0.00", 0.974: "0.97", 9.994: "9.99", 9.996: "10.0", 45.67: "45.7", 99.96: "100", 1234: "1234"} {
		assert.Equal(t, want, ThreeDigits(x))
	}
	for d, want := range map[time.Duration]string{
		0: "–", 9240: "9.24µs", 20_500: "20.5µs", 999_400: "999µs", 999_600: "1.00ms", 12_345_000: "12.3ms",
		999_600_000: "1.00s", 2_500_000_000: "2.50s",
	} {
		assert.Equal(t, want, Latency(d))
		assert.Equal(t, want, strings.ReplaceAll(Duration(d), " ", ""))
	}
	for x, want := range map[float64]string{0: "0", 999: "999", 999.6: "1,000", 45123: "45,123", 1234567: "1,234,567"} {
		assert.Equal(t, want, Thousands(x))
	}
	assert.Equal(t, "99.8 %", Percent(0.998))
	assert.Equal(t, "12.5", Mebibytes(12.5*(1<<20)))
}

func TestShorten(t *testing.T) {
	for width, want := range map[int]string{9: "µ23456789", 8: "µ234…789", 7: "µ23…789", 2: "µ…", 1: "…", 0: "", -1: ""} {
		assert.Equal(t, want, Shorten("µ23456789", width))
	}
}
