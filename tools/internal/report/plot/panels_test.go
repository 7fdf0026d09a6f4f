package plot

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A wide picture has five panels abreast, all of them inside it.
func TestPanelsInBothWidths(t *testing.T) {
	var f Figure
	f.Draw(Picture{ID: "x"}, func(p *Picture) {
		for i := range 9 {
			pl := p.Panel(i, 9, []Label{{At: 0, Text: "0"}}, []Label{{At: 10, Text: "1"}})
			assert.LessOrEqual(t, pl.right(), float64(p.Width()-Margin))
		}
		p.PanelsEnd(9, "x", p.LineSign("faint", "others"))
	})
	assert.Equal(t, "x", f.Picture.ID)
	assert.Equal(t, "x-wide", f.Wide.ID)
	assert.Equal(t, Width, f.Picture.Width())
	assert.Equal(t, WideWidth, f.Wide.Width())
	assert.Less(t, f.Wide.Height, f.Picture.Height)
	assert.Equal(t, []*Picture{f.Picture, f.Wide}, f.Pictures())
	labels := func(p *Picture, text string) (n int) {
		for _, m := range p.Marks {
			if m.Text == text {
				n++
			}
		}
		return n
	}
	assert.Equal(t, 2, labels(f.Picture, "0"), "the lowest of each column")
	assert.Equal(t, 5, labels(f.Wide, "0"))
	assert.Equal(t, 5, labels(f.Picture, "1"), "the first of each row")
	assert.Equal(t, 2, labels(f.Wide, "1"))
	assert.Empty(t, new(Figure).Pictures())
}
