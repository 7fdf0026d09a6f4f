package lab

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// absent is for what was not measured, notAvailable for what the system does
// not tell.
const (
	absent       = "–"
	notAvailable = "n/a"
)

// threeDigits writes a number with three significant digits, all of those
// before the point, and none after it that would be noise.
func threeDigits(x float64) string {
	switch a := math.Abs(x); {
	case a >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case a >= 9.995:
		return fmt.Sprintf("%.1f", x)
	default:
		return fmt.Sprintf("%.2f", x)
	}
}

// latency writes a time in the unit that suits it.
func latency(d time.Duration) string {
	switch us := float64(d) / 1e3; {
	case d == 0:
		return absent
	case us < 999.5:
		return threeDigits(us) + "µs"
	case us < 999.5e3:
		return threeDigits(us/1e3) + "ms"
	default:
		return threeDigits(us/1e6) + "s"
	}
}

// thousands writes a whole number with separators.
func thousands(x float64) string {
	digits := strconv.FormatInt(int64(math.Round(x)), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// unknownHere stands for a figure that this system does not tell. It is never 0.
const unknownHere = "not known here"

func percent(share float64) string { return fmt.Sprintf("%.1f %%", share*100) }

func mebibytes(bytes int64) string { return threeDigits(float64(bytes) / (1 << 20)) }

const ellipsis = "…"

// clip cuts the end off a text with more than so many characters.
func clip(text string, width int) string {
	r := []rune(text)
	if len(r) <= width {
		return text
	}
	if width < 1 {
		return ""
	}
	return string(r[:width-1]) + ellipsis
}

// shorten cuts the middle out of a text with more than so many characters: names
// often differ in their ends.
func shorten(text string, width int) string {
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

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// roughly writes how long something takes that nobody knows to the second.
func roughly(d time.Duration) string {
	if d < 100*time.Second {
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(10 * time.Second)
	return fmt.Sprintf("%d min %d s", d/time.Minute, d%time.Minute/time.Second)
}
