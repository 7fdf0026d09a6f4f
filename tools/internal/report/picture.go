package report

import (
	"fmt"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// width is that of every picture. A phone shows it one to one, so that text
// stays legible; a wider screen puts pictures side by side.
const width = 360

// margin is free at the left and right of a picture.
const margin = 6

// titleLetters fit into the line of a title.
const titleLetters = 42

// picture is an SVG: shapes with coordinates that are known already.
type picture struct {
	ID     string // also the file's name
	Title  string
	Desc   string
	Height int
	Marks  []mark
	// Alone: not part of a page, so that it needs a style of its own.
	Alone bool
}

// Width is for the template.
func (picture) Width() int { return width }

// mark is a shape: text if it has one, else a path.
type mark struct {
	Class  string
	X, Y   string
	Anchor string // where X is in the text: start, middle or end
	Text   string
	Path   string
}

func (p *picture) text(x, y float64, anchor, class, text string) {
	p.Marks = append(p.Marks, mark{Class: class, X: coordinate(x), Y: coordinate(y), Anchor: anchor, Text: printable.Line(text)})
}

func (p *picture) path(class, path string) {
	p.Marks = append(p.Marks, mark{Class: class, Path: path})
}

func (p *picture) line(class string, x1, y1, x2, y2 float64) {
	p.path(class, fmt.Sprintf("M%s %sL%s %s", coordinate(x1), coordinate(y1), coordinate(x2), coordinate(y2)))
}

func (p *picture) rect(class string, x, y, w, h float64) {
	p.path(class, fmt.Sprintf("M%s %sh%sv%sh%sz", coordinate(x), coordinate(y), coordinate(w), coordinate(h), coordinate(-w)))
}

// shapes are told apart without colour. Each is given for its centre.
var shapes = []string{
	"m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",    // circle
	"m-3.5 -3.5h7v7h-7z",                     // square
	"m0 -4.5l4.5 8h-9z",                      // triangle
	"m0 -5l5 5l-5 5l-5 -5z",                  // diamond
	"m0 4.5l4.5 -8h-9z",                      // triangle on its head
	"m-1.5 -4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z", // plus
	"m-4.5 -1.5h9v3h-9z",                     // bar
	"m-1.5 -4.5h3v9h-3z",                     // post
}

func (p *picture) shape(class string, n int, x, y float64) {
	p.path(class, fmt.Sprintf("M%s %s%s", coordinate(x), coordinate(y), shapes[n%len(shapes)]))
}

// small is a mark beside which the shapes are large.
func (p *picture) small(class string, x, y float64) {
	p.path(class, fmt.Sprintf("M%s %sm-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z", coordinate(x), coordinate(y)))
}

// cross is a shape that no model has.
func (p *picture) cross(class string, x, y float64) {
	p.path(class, fmt.Sprintf("M%s %sm-3.5 -3.5l7 7m0 -7l-7 7", coordinate(x), coordinate(y)))
}

// ring is around something.
func (p *picture) ring(x, y float64) {
	p.path("ring", fmt.Sprintf("M%s %sm-8 0a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z", coordinate(x), coordinate(y)))
}

// coordinate writes a coordinate, to a tenth of a pixel.
func coordinate(x float64) string {
	text := strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0")
	if text == "-0" {
		return "0"
	}
	return text
}

// short cuts a name that would not fit; tables have it in full.
func short(name string, most int) string {
	runes := []rune(name)
	if len(runes) <= most {
		return name
	}
	return string(runes[:most-1]) + "…"
}
