package plot

// Figure is a picture with its numbers in a table, or the reason why there is no
// picture.
type Figure struct {
	ID      string
	Picture *Picture
	// Wide is the same picture for a wider screen; nil if there is none.
	Wide    *Picture
	Table   Table
	Missing string
	// Remarks say what the picture leaves out.
	Remarks []string
}

// Draw draws the figure's picture in both widths, each with an ID of its own. draw
// must change nothing but the picture.
func (f *Figure) Draw(of Picture, draw func(p *Picture)) {
	narrow, wide := of, of
	wide.ID += "-wide"
	wide.Wide = true
	draw(&narrow)
	draw(&wide)
	f.Picture, f.Wide = &narrow, &wide
}

// Pictures returns the figure's pictures: none, one, or two.
func (f *Figure) Pictures() (all []*Picture) {
	for _, p := range []*Picture{f.Picture, f.Wide} {
		if p != nil {
			all = append(all, p)
		}
	}
	return all
}

// Table has a name in each row's first cell.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]string
}
