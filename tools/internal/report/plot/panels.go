package plot

import (
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/format"
)

// Many lines in one plot cannot be told apart, least of all on a phone. So each
// model has a small plot of its own, a panel, two abreast, or five in a wide
// picture. All panels have the same axes, and the other models' lines are faint
// behind a panel's own.
const (
	PanelLeft   = 52 // room for the labels of the axis
	PanelWidth  = (Width - Margin - PanelLeft - panelGap) / 2
	PanelHeight = 92

	panelsAbreast     = 2
	panelsAbreastWide = 5

	panelsTop = 28
	panelGap  = 10
	panelHead = 50 // room for a name of two lines, and a note
	panelFoot = 8
	// Letters that fit above a panel, in a name's first line and in its second.
	boldLetters  = 16
	plainLetters = 19
)

// Panel is the place of a small plot.
type Panel struct{ Left, Top float64 }

func (pl Panel) right() float64  { return pl.Left + PanelWidth }
func (pl Panel) bottom() float64 { return pl.Top + PanelHeight }

// abreast is how many panels are side by side.
func (p *Picture) abreast() int {
	if p.Wide {
		return panelsAbreastWide
	}
	return panelsAbreast
}

// panelAt returns the place of the nth panel.
func (p *Picture) panelAt(n int) Panel {
	return Panel{
		Left: PanelLeft + float64(n%p.abreast())*(PanelWidth+panelGap),
		Top:  panelsTop + panelHead + float64(n/p.abreast())*(panelHead+PanelHeight+panelFoot),
	}
}

// Panel draws the axes of the nth panel. It writes the labels of an axis only
// where no other panel is between it and the picture's edge.
func (p *Picture) Panel(n, of int, xs, ys []Label) Panel {
	pl := p.panelAt(n)
	for _, y := range ys {
		p.Line("rule", pl.Left, pl.Top+y.At, pl.right(), pl.Top+y.At)
		if n%p.abreast() == 0 {
			p.Text(pl.Left-5, pl.Top+y.At+4, "end", "soft", y.Text)
		}
	}
	for _, x := range xs {
		p.Line("rule", pl.Left+x.At, pl.bottom(), pl.Left+x.At, pl.bottom()+3)
		if n+p.abreast() >= of {
			p.Text(pl.Left+x.At, pl.bottom()+16, "middle", "soft", x.Text)
		}
	}
	p.Line("rule", pl.Left, pl.bottom(), pl.right(), pl.bottom())
	return pl
}

// PanelHead writes a model's mark and name above its panel, and a note.
func (p *Picture) PanelHead(pl Panel, number int, name, note string) {
	first, second := twoLines(name)
	y := pl.Top - 36
	if second == "" {
		y += 15
	}
	p.Shape(Class("full", number), number, pl.Left+4, y-4)
	p.Text(pl.Left+13, y, "start", "small value", first)
	if second != "" {
		p.Text(pl.Left+13, y+15, "start", "small", second)
	}
	p.Text(pl.Left, pl.Top-6, "start", "soft", note)
}

// PanelsEnd writes the name of the x axis and the key below the panels, and sets
// the picture's height.
func (p *Picture) PanelsEnd(panels int, axis string, signs ...Sign) {
	bottom := p.panelAt(panels - 1).bottom()
	p.Text(float64(PanelLeft+p.Width()-Margin)/2, bottom+34, "middle", "soft", axis)
	p.Height = int(p.Key(bottom+58, signs...))
}

// twoLines breaks a long name before its first flag, and cuts each line to its
// room.
func twoLines(name string) (first, second string) {
	before, after, found := strings.Cut(name, " ")
	if !found || len([]rune(name)) <= boldLetters {
		return format.Clip(name, boldLetters), ""
	}
	return format.Clip(before, boldLetters), format.Clip(after, plainLetters)
}
