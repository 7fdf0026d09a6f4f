package report

// figure is a picture with the figures behind it, or the reason why there is
// none.
type figure struct {
	ID      string
	Picture *picture
	Table   table
	Missing string
	// Remarks are on what the picture leaves out.
	Remarks []string
}

// table has a name in each row's first cell.
type table struct {
	Caption string
	Head    []string
	Rows    [][]string
}
