package main

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/alecthomas/kong"
)

// Every numeric flag has its bounds in a tag range:"LEAST..MOST". The help shows
// them and checkRanges enforces them; range:"any" accepts every value.
// TestEveryNumberHasARange finds a flag without the tag.

// numbers is a flag's value that consists of numbers: all of them must be in
// the flag's range.
type numbers interface{ numbers() []float64 }

// valueRange is the range of a number, ends included. Durations are in
// nanoseconds.
type valueRange struct {
	least, most float64
	text        string // for the help and for errors
}

// rangeOf returns a flag's range; nil if it has none, or accepts any value.
func rangeOf(v *kong.Value) (*valueRange, error) {
	text := v.Tag.Get("range")
	if text == "" || text == "any" {
		return nil, nil
	}
	low, high, ok := strings.Cut(text, "..")
	if !ok {
		return nil, fmt.Errorf("%s: range %q: want LEAST..MOST", v.ShortSummary(), text)
	}
	least, errLeast := parseBound(low)
	most, errMost := parseBound(high)
	if err := errors.Join(errLeast, errMost); err != nil {
		return nil, fmt.Errorf("%s: range %q: %w", v.ShortSummary(), text, err)
	}
	return &valueRange{least, most, boundText(low) + " to " + boundText(high)}, nil
}

func parseBound(text string) (float64, error) {
	if d, err := time.ParseDuration(text); err == nil {
		return float64(d), nil
	}
	return strconv.ParseFloat(text, 64)
}

// boundText formats 1000000 as 1,000,000, and returns other texts unchanged.
func boundText(text string) string {
	if _, err := strconv.Atoi(text); err != nil {
		return text
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// numbersIn returns the numbers in a flag's value. known is false if the value
// is not numeric, a text for example.
func numbersIn(v reflect.Value) (all []float64, known bool) {
	if own, ok := v.Interface().(numbers); ok {
		return own.numbers(), true
	}
	switch {
	case v.CanInt():
		return []float64{float64(v.Int())}, true
	case v.CanUint():
		return []float64{float64(v.Uint())}, true
	case v.CanFloat():
		return []float64{v.Float()}, true
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			_, known = numbersIn(reflect.Zero(v.Type().Elem()))
			return nil, known
		}
		return numbersIn(v.Elem())
	case v.Kind() == reflect.Slice:
		_, known = numbersIn(reflect.Zero(v.Type().Elem()))
		for i := range v.Len() {
			more, _ := numbersIn(v.Index(i))
			all = append(all, more...)
		}
		return all, known
	}
	return nil, false
}

// checkRanges returns an error if the value of a flag is outside its range.
func checkRanges(k *kong.Context) error {
	for _, f := range k.Flags() {
		r, err := rangeOf(f.Value)
		if err != nil {
			return err
		}
		if r == nil || !f.Set {
			continue
		}
		all, _ := numbersIn(f.Target)
		for _, n := range all {
			if !(n >= r.least && n <= r.most) { // not n < r.least || n > r.most, so that NaN is refused
				return fmt.Errorf("--%s %s: want %s", f.Name, numberText(f.Target, n), r.text)
			}
		}
	}
	return nil
}

// numberText formats a number of a flag's value as a user writes it.
func numberText(v reflect.Value, n float64) string {
	if v.Type() == reflect.TypeFor[time.Duration]() {
		return time.Duration(n).String()
	}
	if n == math.Trunc(n) && math.Abs(n) < 1e15 {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}

// helpWithRange is a flag's help, followed by its range.
func helpWithRange(v *kong.Value) string {
	help := kong.DefaultHelpValueFormatter(v)
	if r, err := rangeOf(v); err == nil && r != nil {
		help = strings.TrimRight(help, ". ") + "; " + r.text + "."
	}
	return help
}
