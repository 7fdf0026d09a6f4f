// Package format writes figures as people read them: with three digits, and in
// the unit that suits them.
package format

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Absent stands for a figure that was not measured, NotAvailable for a figure that
// the system does not tell.
const (
	Absent       = "–"
	NotAvailable = "n/a"
)

// ThreeDigits writes a number with three significant digits, and with all digits
// before the point.
func ThreeDigits(x float64) string {
	switch a := math.Abs(x); {
	case a >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case a >= 9.995:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}

// Latency writes a time without a space, for a narrow column: "1.50ms".
func Latency(d time.Duration) string { return strings.Replace(Duration(d), " ", "", 1) }

// Duration writes a time: "1.50 ms". A time of 0 was not measured.
func Duration(d time.Duration) string {
	if d == 0 {
		return Absent
	}
	return Nanoseconds(float64(d))
}

// Nanoseconds writes a time in the unit that suits it: "1.50 ms".
func Nanoseconds(ns float64) string {
	switch {
	case ns < 999.5e3:
		return ThreeDigits(ns/1e3) + " µs"
	case ns < 999.5e6:
		return ThreeDigits(ns/1e6) + " ms"
	default:
		return ThreeDigits(ns/1e9) + " s"
	}
}

// Thousands writes a whole number with separators.
func Thousands(x float64) string {
	digits := strconv.FormatInt(int64(math.Round(x)), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// UnknownHere stands for a figure that this system does not tell: 0 would be wrong.
const UnknownHere = "not known here"

// Percent writes a share, of which 1 is the whole.
func Percent(share float64) string { return fmt.Sprintf("%.1f %%", share*100) }

// Mebibytes writes a number of bytes in MiB, without the unit.
func Mebibytes(bytes int64) string { return ThreeDigits(float64(bytes) / (1 << 20)) }

const ellipsis = "…"

// Clip cuts the end off a text of more than width characters.
func Clip(text string, width int) string {
	r := []rune(text)
	if len(r) <= width {
		return text
	}
	if width < 1 {
		return ""
	}
	return string(r[:width-1]) + ellipsis
}

// Shorten cuts the middle out of a text of more than width characters: names often
// differ in their ends.
func Shorten(text string, width int) string {
	r := []rune(text)
	if len(r) <= width {
		return text
	}
	if width < 1 {
		return ""
	}
	tail := (width - 1) / 2
	return string(r[:width-1-tail]) + ellipsis + string(r[len(r)-tail:])
}

// Count writes a number of things: "1 core", "2 cores".
func Count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// Seconds returns a number of seconds as a time.
func Seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// Roughly writes an estimate of a time.
func Roughly(d time.Duration) string {
	if d < 100*time.Second {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(10 * time.Second)
	return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
}
