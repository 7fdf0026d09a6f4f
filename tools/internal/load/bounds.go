package load

import (
	"fmt"
	"slices"
	"time"
)

// OneOf returns an error if the value is not one of the known ones.
func OneOf[T ~string](name string, value T, known ...T) error {
	if !slices.Contains(known, value) {
		return fmt.Errorf("load: %s is %q, but must be one of %q", name, value, known)
	}
	return nil
}

// Number is what can have a bound.
type Number interface {
	int | int64 | float64 | time.Duration
}

// Least returns an error if the value is less than the bound.
func Least[T Number](name string, value, bound T) error {
	if !(value >= bound) { // not value < bound, so that NaN is refused
		return fmt.Errorf("load: %s is %v, the least is %v", name, value, bound)
	}
	return nil
}

// Between returns an error that says why if the value is beyond its bounds.
func Between[T Number](name string, value, from, to T, why string) error {
	if value > to {
		return fmt.Errorf("load: %s is %v, the most is %v, %s", name, value, to, why)
	}
	return Least(name, value, from)
}
