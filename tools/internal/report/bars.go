package report

// barRow is a row of bars in columns, for a model.
type barRow struct {
	name string
	// class is that of the bars.
	class string
	bars  []bar
}

// bar has its value written above it. Where there is none, the text says so.
type bar struct {
	text  string
	share float64 // of the whole column, 0 to 1
	known bool
	// mark is a place on the bar that it is compared with, 0 to 1; below 0:
	// none.
	mark float64
}

// barRowHeight is that of a row of bars with their values and a name.
const barRowHeight = 50

// column is where the nth of so many columns of bars begins, and how wide each
// is.
func column(n, of int) (left, wide float64) {
	const gap = 8
	wide = (width - 2*margin - gap*float64(of-1)) / float64(of)
	return margin + float64(n)*(wide+gap), wide
}

// bars draws the columns with their heads, and returns where they end.
func (p *picture) bars(top float64, heads []string, rows []barRow) float64 {
	for i, head := range heads {
		left, _ := column(i, len(heads))
		p.text(left, top, "start", "soft", head)
	}
	y := top + 7
	for _, row := range rows {
		p.text(margin, y+14, "start", "", short(row.name, 40))
		for i, b := range row.bars {
			left, wide := column(i, len(heads))
			p.text(left, y+30, "start", "soft", b.text)
			if b.known {
				p.rect("track", left, y+34, wide, 6)
				p.rect(row.class, left, y+34, max(1, wide*b.share), 6)
				if b.mark >= 0 {
					p.line("mark", left+wide*b.mark, y+32, left+wide*b.mark, y+43)
				}
			}
		}
		y += barRowHeight
	}
	return y
}
