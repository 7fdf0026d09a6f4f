package main

import (
	"os"

	xterm "golang.org/x/term"

	"github.com/ioflavors/ioflavors/tools/internal/term"
	"github.com/ioflavors/ioflavors/tools/internal/text"
)

// progress writes a line that changes on a terminal, and elsewhere a line now and then.
// verbose: a line for each measurement.
func progress(verbose bool) *term.Progress {
	f := os.Stderr
	switch {
	case verbose:
		return term.NewProgress(stderr())
	case !terminal(f):
		return term.NewSparseProgress(stderr())
	}
	return term.NewLiveProgress(f, func() (columns, rows int) {
		columns, rows, err := xterm.GetSize(int(f.Fd()))
		if err != nil || columns <= 0 || rows <= 0 {
			return 80, 24
		}
		return columns, rows
	})
}

// width returns the number of characters in a line.
func width(f *os.File) int {
	if columns, _, err := xterm.GetSize(int(f.Fd())); err == nil && columns > 0 {
		return max(80, columns)
	}
	return 120
}

func style(f *os.File) text.Style {
	if !terminal(f) || os.Getenv("NO_COLOR") != "" { // https://no-color.org
		return text.Style{}
	}
	return text.ANSI
}

// terminal reports whether f is a terminal that understands control
// sequences.
func terminal(f *os.File) bool {
	return xterm.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}
