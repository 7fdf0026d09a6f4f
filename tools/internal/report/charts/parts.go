package charts

import "github.com/ioflavors/ioflavors/tools/internal/report/plot"

// partClass is the class of the ith part of a stacked bar; the one after the named parts
// has all others.
func partClass(i, named int) string {
	if i == named {
		return "count"
	}
	return plot.Class([]string{"full", "hollow"}[min(pattern(i), hollow)], i+1)
}

// The patterns of a part of a stacked bar.
const (
	solid = iota
	hollow
	upright // stripes
	level   // stripes
	crossed // both
	patterns
)

// pattern is a part's pattern. Parts of one colour have different ones, and neighbours have
// different ones, too, so that they are told apart without colours.
func pattern(i int) int { return i % patterns }

// drawPart draws a part of a stacked bar.
func drawPart(p *plot.Picture, i, named int, x, y, w, h float64) {
	class := partClass(i, named)
	p.Rect(class, x, y, w, h)
	if i == named {
		return
	}
	const apart = 3.5
	if pattern(i) == upright || pattern(i) == crossed {
		for at := x + apart; at < x+w-1; at += apart {
			p.Line(class, at, y, at, y+h)
		}
	}
	if pattern(i) == level || pattern(i) == crossed {
		for at := y + apart; at < y+h-1; at += apart {
			p.Line(class, x, at, x+w, at)
		}
	}
}
