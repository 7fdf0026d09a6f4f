package report

// sign explains what a kind of mark means.
type sign struct {
	draw func(x, y float64) // in a place 28 wide, from its left at half its height
	text string
}

// key writes what the marks mean, as many in a line as there is room for, and
// returns where it ends.
func (p *picture) key(y float64, signs ...sign) float64 {
	const place, letter, between = 34, 7, 14
	x := float64(margin)
	for _, s := range signs {
		room := place + letter*float64(len([]rune(s.text)))
		if x > margin && x+room > width-margin {
			x, y = margin, y+19
		}
		s.draw(x, y-4)
		p.text(x+place, y, "start", "soft", s.text)
		x += room + between
	}
	return y + 10
}

// lineSign is a line in the key.
func (p *picture) lineSign(class, text string) sign {
	return sign{func(x, y float64) { p.line(class, x, y, x+28, y) }, text}
}
