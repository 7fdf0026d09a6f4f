package report

import "math"

// scale places numbers on a line from one pixel to another, by their logarithm.
type scale struct {
	least, most float64 // both above 0
	from, to    float64
}

// newScale makes room for the values above 0. ok is false if there are none.
func newScale(values []float64, from, to float64) (s scale, ok bool) {
	s = scale{math.Inf(1), 0, from, to}
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
	return s.from + (s.to-s.from)*math.Log(v/s.least)/math.Log(s.most/s.least)
}

// ticks returns round numbers on the scale: powers of ten, and what lies
// between them if those alone would be few.
func (s scale) ticks() []float64 {
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
