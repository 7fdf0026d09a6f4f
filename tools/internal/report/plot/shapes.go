package plot

import "fmt"

// shapes differ in outline, so they are told apart without colour. Each path
// begins at the shape's centre.
var shapes = []string{
	"m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",    // circle
	"m-3.5 -3.5h7v7h-7z",                     // square
	"m0 -4.5l4.5 8h-9z",                      // triangle
	"m0 -5l5 5l-5 5l-5 -5z",                  // diamond
	"m0 4.5l4.5 -8h-9z",                      // triangle on its head
	"m-1.5 -4.5h3v3h3v3h-3v3h-3v-3h-3v-3h3z", // plus
	"m-4.5 -1.5h9v3h-9z",                     // bar
	"m-1.5 -4.5h3v9h-3z",                     // post
	"m0 -5.5l1.4 4.1l4.1 1.4l-4.1 1.4l-1.4 4.1l-1.4 -4.1l-4.1 -1.4l4.1 -1.4z", // star
	"m-4 -4.5h8l-8 9h8z", // hourglass
	"m-4.5 -4v8l9 -8v8z", // bow tie
	"m-4.5 0l8 -4.5v9z",  // triangle to the left
	"m4.5 0l-8 -4.5v9z",  // triangle to the right
	"m0 -1.9l2.6 -2.6l1.9 1.9l-2.6 2.6l2.6 2.6l-1.9 1.9l-2.6 -2.6l-2.6 2.6l-1.9 -1.9l2.6 -2.6l-2.6 -2.6l1.9 -1.9z", // saltire
	"m-4.5 2.5a4.5 4.5 0 0 1 9 0z",  // half a disc
	"m-4.5 -4.5h9v3h-3v6h-3v-6h-3z", // T
}

// Two of the shapes, where a shape means something other than a model.
const (
	Circle  = 0
	Diamond = 3
)

// modelColours is after how many models their colours repeat, and their shapes: the
// five models with their variants, and all peers, are fewer.
const modelColours = 16

// Class is the class of a model's marks and lines: kind, and the model's colour.
func Class(kind string, number int) string { return fmt.Sprintf("%s c%d", kind, number%modelColours) }

// Shape draws the nth shape, which is the nth model's mark.
func (p *Picture) Shape(class string, n int, x, y float64) {
	p.Path(class, at(x, y)+shapes[n%len(shapes)])
}

// Dot is smaller than every shape.
func (p *Picture) Dot(class string, x, y float64) {
	p.Path(class, at(x, y)+"m-2 0a2 2 0 1 0 4 0a2 2 0 1 0 -4 0z")
}

// Cross is a shape that no model has.
func (p *Picture) Cross(class string, x, y float64) {
	p.Path(class, at(x, y)+"m-3.5 -3.5l7 7m0 -7l-7 7")
}

// Ring draws a circle around another mark.
func (p *Picture) Ring(x, y float64) {
	p.Path("ring", at(x, y)+"m-8 0a8 8 0 1 0 16 0a8 8 0 1 0 -16 0z")
}

// Whisker draws a horizontal line with a stroke at each end.
func (p *Picture) Whisker(from, to, y float64) {
	p.Line("whisker", from, y, to, y)
	p.Line("whisker", from, y-7, from, y+7)
	p.Line("whisker", to, y-7, to, y+7)
}

func at(x, y float64) string { return "M" + Coordinate(x) + " " + Coordinate(y) }

// Dashed is the class of a model's line in a plot of all models. Models of the same
// colour differ in their dashes.
func Dashed(number int) string {
	return fmt.Sprintf("%s d%d", Class("curve", number), (number+number/modelColours)%4)
}
