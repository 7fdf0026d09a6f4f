package format

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// timeUnits are the units of times, in ns.
var timeUnits = map[string]float64{"s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1}

// Amount writes a number with its unit. It writes a time in the unit that suits it.
func Amount(x float64, unit string) string {
	if ns, isTime := timeUnits[unit]; isTime && x > 0 {
		return Nanoseconds(x * ns)
	}
	return strings.TrimSpace(Number(x) + " " + unit)
}

// Range writes a range of amounts: "1.99–2.01 s". It is empty if both ends look
// the same.
func Range(low, high float64, unit string) string {
	from, to := Amount(low, unit), Amount(high, unit)
	if from == to {
		return ""
	}
	if number, fromUnit, _ := strings.Cut(from, " "); strings.HasSuffix(to, " "+fromUnit) {
		from = number
	}
	return from + "–" + to
}

// Number writes a number that may be small or large.
func Number(x float64) string {
	switch a := math.Abs(x); {
	case a >= 1000:
		return Thousands(x)
	case a > 0 && a < 0.1, x == math.Trunc(x):
		return Digits(x)
	default:
		return ThreeDigits(x)
	}
}

// Digits writes at most three digits, without trailing zeros.
func Digits(x float64) string { return strconv.FormatFloat(x, 'g', 3, 64) }

// Compact writes a number where there is little room: "2.5k".
func Compact(x float64) string {
	if x < 1000 {
		return Digits(x)
	}
	return Digits(x/1e3) + "k"
}

// Tick writes a time on an axis, in ns, without trailing zeros: "100 µs".
func Tick(ns float64) string {
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

// TickOf writes a number on an axis: a time with the unit that suits it, any other
// number, and 0, without a unit. isTime reports which.
func TickOf(x float64, unit string) (text string, isTime bool) {
	if ns, known := timeUnits[unit]; known && x > 0 {
		return Tick(x * ns), true
	}
	return Compact(x), false
}
