package meter

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// Lines that are no number, or unknown, stand between the others.
func TestParseCPUStat(t *testing.T) {
	for text, want := range map[string]Throttling{
		"": {},
		"usage_usec 9\nwhat is this\nnr_throttled 3\nthrottled_usec 5\n": {Count: 3, Total: 5 * time.Microsecond}, // version 2 of control groups
		"nr_periods 9\n\nnr_throttled 2\nthrottled_time 7\n":             {Count: 2, Total: 7},                    // version 1
	} {
		assert.Equal(t, want, parseCPUStat(text), text)
	}
}
