package plot

import "github.com/ioflavors/ioflavors/tools/internal/format"

// BarRow is a model's row of bars, one in each column.
type BarRow struct {
	Name  string
	Class string // of the bars
	Bars  []Bar
}

// Bar has its value written above it. Where there is no bar, the text says why.
type Bar struct {
	Text  string
	Share float64 // of the column's width, 0 to 1
	Known bool
	// Mark is a place on the bar to compare it with, 0 to 1; below 0: none.
	Mark float64
}

// barRowHeight is the height of a row: name, values and bars.
const barRowHeight = 50

// column returns the left end and the width of the nth of the columns.
func column(n, of int) (left, wide float64) {
	const gap = 8
	wide = (Width - 2*Margin - gap*float64(of-1)) / float64(of)
	return Margin + float64(n)*(wide+gap), wide
}

// Bars draws the columns with their heads, and returns where they end.
func (p *Picture) Bars(top float64, heads []string, rows []BarRow) float64 {
	for i, head := range heads {
		left, _ := column(i, len(heads))
		p.Text(left, top, "start", "soft", head)
	}
	y := top + 7
	for _, row := range rows {
		p.Text(Margin, y+14, "start", "", format.Clip(row.Name, 36))
		for i, b := range row.Bars {
			left, wide := column(i, len(heads))
			p.Text(left, y+30, "start", "soft", b.Text)
			if b.Known {
				p.Rect("track", left, y+34, wide, 6)
				p.Rect(row.Class, left, y+34, max(1, wide*b.Share), 6)
				if b.Mark >= 0 {
					p.Line("mark", left+wide*b.Mark, y+32, left+wide*b.Mark, y+43)
				}
			}
		}
		y += barRowHeight
	}
	return y
}
