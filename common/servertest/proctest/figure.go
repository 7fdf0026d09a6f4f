package proctest

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// figure publishes a measured value.
func figure(t *testing.T, name, format string, value any) {
	t.Helper()
	t.Attr(name, fmt.Sprintf(format, value))
}

func figureMs(t *testing.T, name string, d time.Duration) {
	t.Helper()
	figure(t, name, "%.2f", float64(d)/1e6)
}

func figureMiB(t *testing.T, name string, bytes int64) {
	t.Helper()
	figure(t, name, "%.2f", float64(bytes)/(1<<20))
}

// figureTimes publishes the median, the 99th percentile and the longest of
// times, which must not be empty.
func figureTimes(t *testing.T, name string, times []time.Duration) {
	t.Helper()
	slices.Sort(times)
	last := len(times) - 1
	figureMs(t, name+"-p50-ms", times[last/2])
	figureMs(t, name+"-p99-ms", times[last*99/100])
	figureMs(t, name+"-max-ms", times[last])
}
