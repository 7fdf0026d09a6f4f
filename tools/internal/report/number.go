package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// duration writes nanoseconds in the unit that suits them.
func duration(ns float64) string {
	switch {
	case ns < 999.5e3:
		return format.ThreeDigits(ns/1e3) + " µs"
	case ns < 999.5e6:
		return format.ThreeDigits(ns/1e6) + " ms"
	default:
		return format.ThreeDigits(ns/1e9) + " s"
	}
}

// tick is a duration without digits that say nothing: "100 µs".
func tick(ns float64) string {
	switch {
	case ns < 1e3:
		return fmt.Sprintf("%g ns", ns)
	case ns < 1e6:
		return fmt.Sprintf("%g µs", ns/1e3)
	case ns < 1e9:
		return fmt.Sprintf("%g ms", ns/1e6)
	default:
		return fmt.Sprintf("%g s", ns/1e9)
	}
}

// compact writes a number for where there is little room: "2.5k".
func compact(x float64) string {
	if x < 1000 {
		return digitsOf(x)
	}
	return digitsOf(x/1e3) + "k"
}

// digitsOf writes at most three digits, and none that say nothing.
func digitsOf(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

func moment(t time.Time) string {
	if t.IsZero() {
		return format.Absent
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// timeUnits are those of a number that is a time, in ns.
var timeUnits = map[string]float64{"s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1}

// amount writes a number with its unit, a time with the one that suits it.
func amount(x float64, unit string) string {
	if ns, isTime := timeUnits[unit]; isTime && x > 0 {
		return duration(x * ns)
	}
	return strings.TrimSpace(count(x) + " " + unit)
}

// amounts writes a range; empty if it is none that can be seen.
func amounts(low, high float64, unit string) string {
	from, to := amount(low, unit), amount(high, unit)
	if from == to {
		return ""
	}
	if number, fromUnit, _ := strings.Cut(from, " "); strings.HasSuffix(to, " "+fromUnit) {
		from = number
	}
	return from + "–" + to
}

// count writes a number that may be small or large.
func count(x float64) string {
	switch a := math.Abs(x); {
	case a >= 1000:
		return format.Thousands(x)
	case a > 0 && a < 0.1, x == math.Trunc(x):
		return digitsOf(x)
	default:
		return format.ThreeDigits(x)
	}
}
