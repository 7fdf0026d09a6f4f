package plot

// Figure is a picture with its numbers in a table, or the reason why there is no
// picture.
type Figure struct {
	ID      string
	Picture *Picture
	Table   Table
	Missing string
	// Remarks say what the picture leaves out.
	Remarks []string
}

// Table has a name in each row's first cell.
type Table struct {
	Caption string
	Head    []string
	Rows    [][]string
}
