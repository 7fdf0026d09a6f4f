package report

import "math"

// scale places numbers on a line from one pixel to another, by their logarithm
// unless it is even.
type scale struct {
	least, most float64 // both above 0, unless it is even
	from, to    float64
	even        bool
	zero        bool // is at the least end of a logarithmic scale
}

// wide is how many times the least the most has to be, for a logarithm to show
// more than it hides.
const wide = 12

// fitting returns an even scale from 0 on, or a logarithmic one if the values
// spread widely; 0 is then at its end, with a gap. ok is false if there
// are none.
func fitting(values []float64, from, to float64) (s scale, ok bool) {
	s = scale{from: from, to: to, even: true}
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
		s, ok = newScale(values, from, to)
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

// newScale makes room for the values above 0. ok is false if there are none.
func newScale(values []float64, from, to float64) (s scale, ok bool) {
	s = scale{least: math.Inf(1), from: from, to: to}
	for _, v := range values {
		if v > 0 && !math.IsInf(v, 0) {
			s.least, s.most = min(s.least, v), max(s.most, v)
		}
	}
	if s.most == 0 {
		return scale{}, false
	}
	// Room at both ends, and for a single value at all.
	s.least, s.most = s.least/1.15, s.most*1.15
	return s, true
}

func (s scale) at(v float64) float64 {
	v = min(max(v, s.least), s.most)
	if s.even {
		return s.from + (s.to-s.from)*(v-s.least)/(s.most-s.least)
	}
	return s.from + (s.to-s.from)*math.Log(v/s.least)/math.Log(s.most/s.least)
}

// labelled returns ticks, and 0 where it is.
func (s scale) labelled() []float64 {
	if s.zero {
		return append([]float64{0}, s.ticks()...)
	}
	return s.ticks()
}

// ticks returns round numbers on the scale: powers of ten, and what lies
// between them if those alone would be few.
func (s scale) ticks() []float64 {
	if s.even {
		return evenTicks(s.least, s.most)
	}
	for _, steps := range [][]float64{{1}, {1, 3}, {1, 2, 5}, {1, 1.5, 2, 3, 5, 7}} {
		var all []float64
		for e := math.Floor(math.Log10(s.least)); e <= math.Log10(s.most); e++ {
			for _, m := range steps {
				// Not Pow10 with a negative number: 1e-1*3 is no 0.3.
				v := m * math.Pow(10, e)
				if e < 0 {
					v = m / math.Pow(10, -e)
				}
				if v >= s.least && v <= s.most {
					all = append(all, v)
				}
			}
		}
		if len(all) >= 3 || len(steps) == 6 {
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
