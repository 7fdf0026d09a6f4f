package main

import (
	"os"

	"golang.org/x/term"

	"github.com/ioflavors/ioflavors/tools/internal/lab"
)

// progress writes lines, or on a terminal a live table.
func progress() *lab.Progress {
	f := os.Stderr
	if !terminal(f) {
		return lab.NewProgress(stderr())
	}
	return lab.NewLiveProgress(f, style(f), func() (columns, rows int) {
		columns, rows, err := term.GetSize(int(f.Fd()))
		if err != nil || columns <= 0 || rows <= 0 {
			return 80, 24
		}
		return columns, rows
	})
}

// width returns the number of characters in a line.
func width(f *os.File) int {
	if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return max(80, columns)
	}
	return 120
}

func style(f *os.File) lab.Style {
	if !terminal(f) || os.Getenv("NO_COLOR") != "" { // https://no-color.org
		return lab.Style{}
	}
	return lab.ANSI
}

// terminal reports whether f is a terminal that understands control
// sequences.
func terminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}
