package plot

import "math"

// Label is a text at a place on an axis.
type Label struct {
	At   float64
	Text string
}

// Apart leaves out each label that is nearer than room to the one before.
func Apart(labels []Label, room float64) []Label {
	var all []Label
	for _, l := range labels {
		if len(all) == 0 || math.Abs(l.At-all[len(all)-1].At) >= room {
			all = append(all, l)
		}
	}
	return all
}

// Inside returns where the label's middle must be, so that the whole label is in
// the picture.
func (l Label) Inside() float64 {
	const letter = 7
	half := letter * float64(len([]rune(l.Text))) / 2
	return min(max(l.At, half), Width-half)
}
