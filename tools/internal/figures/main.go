// Command figures reads the output of go test -json and prints, as Markdown,
// the figures that the tests have measured: the rows of package proctest, with
// a column for each variant, and the figures that other tests publish. A row
// that failed or was skipped says so. The exit code is 1 if anything failed.
//
// scripts/figures.sh runs the tests. With -w FILE the output replaces the text
// between the marks in a file.
//
// With -lab it reads the output of the lab instead, and writes it into the pages that
// show a run: docs/lab.md and README.md. scripts/sample.sh runs the lab.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/ioflavors/ioflavors/tools/internal/folder"
	"github.com/ioflavors/ioflavors/tools/internal/stdout"
)

func main() {
	file := flag.String("w", "", "replace the figures in this `file` as well")
	lab := flag.Bool("lab", false, "read the lab's output, and write it into the pages that show it")
	flag.Parse()
	stdout.OutliveReaders()
	out, code := stdout.New(os.Stdout), 0
	stderr := stdout.Escaping(os.Stderr)
	var err error
	if *lab {
		err = writeSample(os.Stdin)
	} else {
		err = run(os.Stdin, out, stderr, *file)
	}
	if err != nil {
		fmt.Fprintln(stderr, "figures:", err)
		code = 1
	}
	os.Exit(out.ExitCode("figures", code, stderr))
}

// run prints the figures, and on stderr the output of failed tests. It does not
// write the figures of a failed run to the file.
func run(in io.Reader, stdout, stderr io.Writer, file string) error {
	if _, err := open(file); err != nil {
		return err // at once: the tests take minutes
	}
	r, err := read(in, stderr)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s/%s, %d cores, %s, %s.\n\n%s",
		runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), time.Now().Format(time.DateOnly), r.markdown())
	fmt.Fprint(stdout, text)
	switch {
	case len(r.failed) > 0:
		return fmt.Errorf("failed: %s", strings.Join(r.failed, ", "))
	case file == "":
		return nil
	}
	page, err := open(file)
	if err != nil {
		return err
	}
	replaced, err := replace(page, text)
	if err != nil {
		return err
	}
	return folder.WriteFile(file, []byte(replaced))
}

// open returns the page in a file, which must be replaceable and have the marks;
// "" if there is no file.
func open(file string) (page string, err error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if err := folder.TryWriting(filepath.Dir(file)); err != nil {
		return "", err
	}
	if _, err := replace(string(text), ""); err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return string(text), nil
}

// The marks around the figures on a page.
const (
	beginMark = "<!-- figures: written by make figures -->\n"
	endMark   = "<!-- end of figures -->\n"
)

// replace replaces the figures on a page.
func replace(page, figures string) (string, error) {
	before, rest, begins := strings.Cut(page, beginMark)
	_, after, ends := strings.Cut(rest, endMark)
	if !begins || !ends {
		return "", fmt.Errorf("the marks %q and %q are not there", beginMark, endMark)
	}
	return before + beginMark + figures + endMark + after, nil
}
