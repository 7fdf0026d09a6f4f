package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/results"
)

// Many lines in one plot cannot be told apart, least of all on a phone. So each
// model has a small plot of its own, two abreast, all with the same axes, and
// the other models' lines faint behind its own.
const (
	plotsTop   = 28
	plotLeft   = 52 // room for the labels of the axis
	plotGap    = 10
	plotWidth  = (width - margin - plotLeft - plotGap) / 2
	plotHead   = 50 // room for a name of two lines, and a note
	plotHeight = 92
	plotFoot   = 8
	// Letters that fit above a plot, in the first line of a name and in the
	// second.
	boldLetters  = 16
	plainLetters = 19
)

// plot is where a small plot is.
type plot struct{ left, top float64 }

func (pl plot) right() float64  { return pl.left + plotWidth }
func (pl plot) bottom() float64 { return pl.top + plotHeight }

// plotAt is the place of the nth.
func plotAt(n int) plot {
	return plot{
		left: plotLeft + float64(n%2)*(plotWidth+plotGap),
		top:  plotsTop + plotHead + float64(n/2)*(plotHead+plotHeight+plotFoot),
	}
}

// plotsBottom is where so many plots end.
func plotsBottom(n int) float64 { return plotAt(n - 1).bottom() }

// label is a place on an axis, with what is written there.
type label struct {
	at   float64
	text string
}

// apart leaves out labels that are nearer than that to the one before.
func apart(labels []label, room float64) []label {
	var all []label
	for _, l := range labels {
		if len(all) == 0 || math.Abs(l.at-all[len(all)-1].at) >= room {
			all = append(all, l)
		}
	}
	return all
}

// inside is where the middle of a label is so that all of it is in the picture.
func inside(l label) float64 {
	const letter = 7
	half := letter * float64(len([]rune(l.text))) / 2
	return min(max(l.at, half), width-half)
}

// frame draws the axes of the nth of so many plots: the labels only where no
// other plot is between.
func (p *picture) frame(n, of int, xs, ys []label) plot {
	pl := plotAt(n)
	for _, y := range ys {
		p.line("rule", pl.left, pl.top+y.at, pl.right(), pl.top+y.at)
		if n%2 == 0 {
			p.text(pl.left-5, pl.top+y.at+4, "end", "soft", y.text)
		}
	}
	for _, x := range xs {
		p.line("rule", pl.left+x.at, pl.bottom(), pl.left+x.at, pl.bottom()+3)
		if n+2 >= of {
			p.text(pl.left+x.at, pl.bottom()+16, "middle", "soft", x.text)
		}
	}
	p.line("rule", pl.left, pl.bottom(), pl.right(), pl.bottom())
	return pl
}

// head writes a model's name above its plot, and a note on what is in it.
func (p *picture) head(pl plot, number int, name, note string) {
	first, second := twoLines(name)
	y := pl.top - 36
	if second == "" {
		y += 15
	}
	p.shape(modelClass("full", number), number, pl.left+4, y-4)
	p.text(pl.left+13, y, "start", "small value", first)
	if second != "" {
		p.text(pl.left+13, y+15, "start", "small", second)
	}
	p.text(pl.left, pl.top-6, "start", "soft", note)
}

// modelClass is for a mark or a line of a model.
func modelClass(kind string, number int) string { return fmt.Sprintf("%s c%d", kind, number%8) }

// twoLines breaks a name that is long before its first flag, and cuts what does
// not fit even so.
func twoLines(name string) (first, second string) {
	before, after, found := strings.Cut(name, " ")
	if !found || len([]rune(name)) <= boldLetters {
		return short(name, boldLetters), ""
	}
	return short(before, boldLetters), short(after, plainLetters)
}

// starred is a server's name, with a star if it serves one client at a time.
func starred(s *results.Server) string {
	if s.OneAtATime {
		return s.Name + " *"
	}
	return s.Name
}

// spot is a point in a picture.
type spot struct{ x, y float64 }

// polyline draws a line through the points, if there are two.
func (p *picture) polyline(class string, points []spot) {
	if len(points) < 2 {
		return
	}
	var path strings.Builder
	for i, s := range points {
		fmt.Fprintf(&path, "%c%s %s", "ML"[min(i, 1)], coordinate(s.x), coordinate(s.y))
	}
	p.path(class, path.String())
}
