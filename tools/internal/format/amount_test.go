package format

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAmounts(t *testing.T) {
	assert.Equal(t, "2.00 s", Amount(2, "s"))
	assert.Equal(t, "300 µs", Amount(0.0003, "s"))
	assert.Equal(t, "0 s", Amount(0, "s"))
	assert.Equal(t, "12,345 requests/s", Amount(12345, "requests/s"))
	assert.Equal(t, "0.0021", Amount(0.0021, ""))
	assert.Equal(t, "0.50 %", Amount(0.5, "%"))
	assert.Equal(t, "1.99–2.01 s", Range(1.99, 2.01, "s"))
	assert.Equal(t, "999 ms–1.50 s", Range(0.999, 1.5, "s"))
	assert.Empty(t, Range(2.001, 2.0011, "s"))
}

func TestTicks(t *testing.T) {
	for ns, want := range map[float64]string{500: "500 ns", 1e5: "100 µs", 3e6: "3 ms", 2e9: "2 s"} {
		assert.Equal(t, want, Tick(ns))
	}
	for unit, want := range map[string]string{"ms": "2.5 s", "%": "2.5k", "": "2.5k"} {
		text, isTime := TickOf(2500, unit)
		assert.Equal(t, want, text)
		assert.Equal(t, unit == "ms", isTime)
	}
	zero, isTime := TickOf(0, "ms")
	assert.Equal(t, "0", zero)
	assert.False(t, isTime)
}
