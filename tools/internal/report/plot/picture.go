package plot

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

const (
	// Width of a picture. A phone shows it one to one, so text stays legible; a
	// wider screen puts pictures side by side.
	Width = 360
	// WideWidth is the width of a picture for a wider screen, where it has the place
	// of two.
	WideWidth = 828
	// Margin is free at the left and right of a picture.
	Margin = 6
	// TitleLetters fit into the line of a heading.
	TitleLetters = 38
)

// Picture is an SVG of shapes whose coordinates are final.
type Picture struct {
	ID     string // also the file's name
	Title  string
	Desc   string
	Height int
	Marks  []Mark
	// Wide: the picture is WideWidth wide, not Width.
	Wide bool
	// Alone: the picture is a file of its own, so it contains its style.
	Alone bool
}

// Width returns how wide the picture is.
func (p Picture) Width() int {
	if p.Wide {
		return WideWidth
	}
	return Width
}

// Mark is a text, or else a path.
type Mark struct {
	Class  string
	X, Y   string
	Anchor string // X is the text's start, middle or end
	Text   string
	Path   string
}

var (
	//go:embed picture.svg.tmpl
	markup string
	//go:embed colours.css
	colours string
)

// TemplateName is the name of the template that AddTo adds.
const TemplateName = "picture.svg"

// AddTo adds the template of a Picture to those of a page, and the function
// "colours" with the styles of its classes.
func AddTo(page *template.Template) (*template.Template, error) {
	page.Funcs(template.FuncMap{
		"colours":   func() template.CSS { return template.CSS(colours) },
		"printable": printable.Line,
	})
	_, err := page.New(TemplateName).Parse(markup)
	return page, err
}

var alone = template.Must(AddTo(template.New("")))

// File returns the picture as a file of its own.
func (p Picture) File() ([]byte, error) {
	p.Alone = true
	var out bytes.Buffer
	if err := alone.ExecuteTemplate(&out, TemplateName, p); err != nil {
		return nil, fmt.Errorf("plot: %s: %w", p.ID, err)
	}
	return out.Bytes(), nil
}

// Heading writes the picture's first line.
func (p *Picture) Heading(text string) { p.Text(Margin, 16, "start", "title", text) }

// Text writes a text. X is its start, middle or end, as anchor says, and y its
// base line.
func (p *Picture) Text(x, y float64, anchor, class, text string) {
	p.Marks = append(p.Marks, Mark{Class: class, X: Coordinate(x), Y: Coordinate(y), Anchor: anchor, Text: printable.Line(text)})
}

// Path draws a path in SVG's language.
func (p *Picture) Path(class, path string) {
	p.Marks = append(p.Marks, Mark{Class: class, Path: path})
}

// Line draws a straight line.
func (p *Picture) Line(class string, x1, y1, x2, y2 float64) {
	p.Path(class, fmt.Sprintf("M%s %sL%s %s", Coordinate(x1), Coordinate(y1), Coordinate(x2), Coordinate(y2)))
}

// Rect draws a rectangle from its top left corner.
func (p *Picture) Rect(class string, x, y, w, h float64) {
	p.Path(class, fmt.Sprintf("M%s %sh%sv%sh%sz", Coordinate(x), Coordinate(y), Coordinate(w), Coordinate(h), Coordinate(-w)))
}

// Spot is a point in a picture.
type Spot struct{ X, Y float64 }

// Polyline draws a line through the points, if there are two or more.
func (p *Picture) Polyline(class string, points []Spot) {
	if len(points) < 2 {
		return
	}
	var path strings.Builder
	for i, s := range points {
		fmt.Fprintf(&path, "%c%s %s", "ML"[min(i, 1)], Coordinate(s.X), Coordinate(s.Y))
	}
	p.Path(class, path.String())
}

// Coordinate writes a coordinate, to a tenth of a pixel.
func Coordinate(x float64) string {
	text := strings.TrimSuffix(fmt.Sprintf("%.1f", x), ".0")
	if text == "-0" {
		return "0"
	}
	return text
}
