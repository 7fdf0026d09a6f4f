package plot

// Sign explains a kind of mark.
type Sign struct {
	Draw func(x, y float64) // in a place 28 wide; x is its left, y its middle
	Text string
}

// SignWidth is the width of a sign's place.
const SignWidth = 28

// Key explains the marks, as many in a line as fit, and returns where it ends.
func (p *Picture) Key(y float64, signs ...Sign) float64 {
	const place, letter, between = SignWidth + 6, 7, 14
	x := float64(Margin)
	for _, s := range signs {
		room := place + letter*float64(len([]rune(s.Text)))
		if x > Margin && x+room > float64(p.Width()-Margin) {
			x, y = Margin, y+19
		}
		s.Draw(x, y-4)
		p.Text(x+place, y, "start", "soft", s.Text)
		x += room + between
	}
	return y + 10
}

// LineSign is a line.
func (p *Picture) LineSign(class, text string) Sign {
	return Sign{func(x, y float64) { p.Line(class, x, y, x+SignWidth, y) }, text}
}

// ShapeSign is a shape.
func (p *Picture) ShapeSign(class string, shape int, text string) Sign {
	return Sign{func(x, y float64) { p.Shape(class, shape, x+SignWidth/2, y) }, text}
}

// CrossSign is a cross.
func (p *Picture) CrossSign(class, text string) Sign {
	return Sign{func(x, y float64) { p.Cross(class, x+SignWidth/2, y) }, text}
}

// RingSign is a ring.
func (p *Picture) RingSign(text string) Sign {
	return Sign{func(x, y float64) { p.Ring(x+SignWidth/2, y) }, text}
}

// PatchSign is a rectangle of a class.
func (p *Picture) PatchSign(class, text string) Sign {
	return Sign{func(x, y float64) { p.Rect(class, x, y-6, PatchWidth, PatchHeight) }, text}
}

// The size of a rectangle in the key.
const PatchWidth, PatchHeight = SignWidth - 2, 12
