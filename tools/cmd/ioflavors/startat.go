package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/generator"
)

// farthestStart is how far --start-at may lie ahead. A time further away is a mistake in
// the date, or in the unit.
const farthestStart = 24 * time.Hour

// parseStartAt parses the time of --start-at. Its errors continue a sentence that begins
// with the flag's name.
func parseStartAt(text string) (time.Time, error) {
	if at, ok := unixSeconds(text); ok {
		return at, nil
	}
	if strings.HasPrefix(text, "+") {
		return time.Time{}, fmt.Errorf("%s: a time from now is another one on each machine: "+
			"compute one time for all of them, as $(($(date +%%s) + 20)) does in a shell", text)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: want a date with its time and zone, as 2026-12-01T12:00:00.5Z, or seconds since 1970, as date +%%s prints them", cmp.Or(text, `""`))
	}
	return at, nil
}

// unixSeconds parses seconds since 1970, with up to nine decimals. A float would be wrong
// by some hundred nanoseconds.
func unixSeconds(text string) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if strings.Trim(whole+fraction, "0123456789") != "" || whole == "" || len(fraction) > 9 {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	nanos, errNanos := strconv.ParseInt((fraction + "000000000")[:9], 10, 64)
	at := time.Unix(seconds, nanos)
	return at, err == nil && errNanos == nil && at.Year() <= 9999 // as RFC 3339 can write it
}

// preparation is the part of the time before the window that is known beforehand. Storing
// the keys comes on top.
func (c *loadCmd) preparation() time.Duration {
	length := c.Ramp + c.Warmup
	if c.Ceiling {
		length += ceilingTime + ceilingTime/4
	}
	return length
}

// roomToPrepare returns an error unless the window can begin at the time, and soon.
func roomToPrepare(at, now time.Time, preparation time.Duration) error {
	clock := at.Format(time.RFC3339Nano)
	switch left := at.Sub(now); {
	case left < 0:
		return fmt.Errorf("%s: by this machine's clock that was %v ago", clock, rounded(-left))
	case left > farthestStart:
		return fmt.Errorf("%s: the measurement may begin within %v from now, and not later", clock, farthestStart)
	case left < preparation:
		return fmt.Errorf("%s: that is in %v, but ramp, warm-up and --ceiling need %v, and storing the keys and connecting come on top",
			clock, rounded(left), rounded(preparation))
	}
	return nil
}

// lateFor is the error for a load whose preparation took too long.
func lateFor(at, began time.Time, late *generator.TooLateError) error {
	room := at.Sub(began)
	return fmt.Errorf("load: the measurement cannot begin at %s: that was %v ahead, and the preparation needed %v, warm-up included: choose a later --start-at",
		at.Format(time.RFC3339Nano), rounded(room), rounded(room+late.By))
}

func rounded(d time.Duration) time.Duration { return d.Round(time.Millisecond) }
