package plot

import (
	"math"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// Scale maps numbers to pixels on a line: by their logarithm, or evenly.
type Scale struct {
	least, most float64 // both above 0 on a logarithmic scale
	from, to    float64
	even        bool
	zero        bool // 0 has a place at the least end of a logarithmic scale
}

// wide is how many times the least value the largest must be, so that a
// logarithm shows more than it hides.
const wide = 12

// Fitting returns an even scale from 0 on, or a logarithmic one if the values
// spread widely; a value of 0 is then at its end, with a gap. ok is false if there
// are no values.
func Fitting(values []float64, from, to float64) (s Scale, ok bool) {
	s = Scale{from: from, to: to, even: true}
	least, some, zero := math.Inf(1), false, false
	for _, v := range values {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			continue
		}
		some = true
		s.least, s.most = min(s.least, v), max(s.most, v)
		if v > 0 {
			least = min(least, v)
		}
		zero = zero || v == 0
	}
	if s.least >= 0 && s.most >= wide*least {
		s, ok = Logarithmic(values, from, to)
		if s.zero = zero; zero {
			s.least /= 2
		}
		return s, ok
	}
	if s.least == s.most {
		s.most = 1 // all are 0
	}
	s.most += 0.06 * (s.most - s.least)
	return s, some
}

// Logarithmic returns a scale with room for the values above 0. ok is false if
// there are none.
func Logarithmic(values []float64, from, to float64) (s Scale, ok bool) {
	s = Scale{least: math.Inf(1), from: from, to: to}
	for _, v := range values {
		if v > 0 && !math.IsInf(v, 0) {
			s.least, s.most = min(s.least, v), max(s.most, v)
		}
	}
	if s.most == 0 {
		return Scale{}, false
	}
	// Room at both ends, and a scale even for a single value.
	s.least, s.most = s.least/1.15, s.most*1.15
	return s, true
}

// Even reports whether the scale is even, not logarithmic.
func (s Scale) Even() bool { return s.even }

// At returns the place of a number. Numbers beyond the scale are at its end.
func (s Scale) At(v float64) float64 {
	v = min(max(v, s.least), s.most)
	if s.even {
		return s.from + (s.to-s.from)*(v-s.least)/(s.most-s.least)
	}
	return s.from + (s.to-s.from)*math.Log(v/s.least)/math.Log(s.most/s.least)
}

// Labels writes the ticks, and 0 where it has a place of its own. text writes a
// number.
func (s Scale) Labels(text func(float64) string) (all []Label) {
	ticks := s.Ticks()
	if s.zero {
		ticks = append([]float64{0}, ticks...)
	}
	for _, v := range ticks {
		all = append(all, Label{s.At(v), text(v)})
	}
	return all
}

// TimeLabels writes the ticks as times; the scale's numbers are nanoseconds.
func (s Scale) TimeLabels() []Label { return s.Labels(format.Tick) }

// Ticks returns round numbers on the scale: powers of ten, and numbers between
// them if those alone would be few.
func (s Scale) Ticks() []float64 {
	if s.even {
		return evenTicks(s.least, s.most)
	}
	for _, steps := range [][]float64{{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 5, 7}, {1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9}} {
		var all []float64
		for e := math.Floor(math.Log10(s.least)); e <= math.Log10(s.most); e++ {
			for _, m := range steps {
				// Pow10 of a negative number is inexact: 1e-1*3 is not 0.3.
				v := m * math.Pow(10, e)
				if e < 0 {
					v = m / math.Pow(10, -e)
				}
				if v >= s.least && v <= s.most {
					all = append(all, v)
				}
			}
		}
		if len(all) >= 3 || len(steps) == 12 {
			return all
		}
	}
	return nil
}

// evenTicks returns three to six multiples of a round number.
func evenTicks(least, most float64) (all []float64) {
	step := math.Pow(10, math.Floor(math.Log10(most-least)))
	for _, part := range []float64{5, 2, 1, 0.5, 0.2} {
		all = nil
		for i := math.Ceil(least / (step * part)); i*step*part <= most; i++ {
			all = append(all, i*step*part+0) // no -0
		}
		if len(all) >= 3 {
			break
		}
	}
	return all
}
