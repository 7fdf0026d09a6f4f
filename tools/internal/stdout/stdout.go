// Package stdout is a command's standard output with checks: a lost result is an
// error, a reader that leaves does not end the program, and a server's words never
// reach a terminal as control sequences.
package stdout

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"github.com/ioflavors/ioflavors/tools/internal/printable"
)

// Checked is the destination of a command's result. A failed write does not stop
// the command, because it may still have files to write. Checked keeps the first
// error for the end.
type Checked struct {
	file *os.File
	err  error
}

// New returns a Checked that writes to f.
func New(f *os.File) *Checked { return &Checked{file: f} }

// File returns the file, so that a caller can find out its kind.
func (c *Checked) File() *os.File { return c.file }

// Write writes to the file, escaped by printable.Styled, until a write fails. It
// returns no error. No character may be split between two writes.
func (c *Checked) Write(p []byte) (int, error) {
	c.write(printable.Styled(string(p)))
	return len(p), nil
}

// Value writes the bytes of a stored value, and a newline: unchanged, or escaped by
// printable.Text if the output is a terminal.
func (c *Checked) Value(value string) {
	if term.IsTerminal(int(c.file.Fd())) {
		value = printable.Text(value)
	}
	c.write(value + "\n")
}

func (c *Checked) write(text string) {
	if c.err == nil {
		_, c.err = io.WriteString(c.file, text)
	}
}

// Escaping returns a writer to w for messages, which it escapes with
// printable.Styled. No character may be split between two writes.
func Escaping(w io.Writer) io.Writer { return escaping{w} }

type escaping struct{ w io.Writer }

func (e escaping) Write(p []byte) (int, error) {
	if _, err := io.WriteString(e.w, printable.Styled(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Err returns the error of the first failed write; nil if none failed.
func (c *Checked) Err() error { return c.err }

// ExitCode returns the program's exit code: the given one, or 1 if output was lost,
// because then there is no result to which another code could refer. It prints the
// error to stderr, with the program's name, unless the reader left early, as head
// does: such a reader has all it wants.
func (c *Checked) ExitCode(program string, code int, stderr io.Writer) int {
	if c.err == nil {
		return code
	}
	if !errors.Is(c.err, syscall.EPIPE) {
		fmt.Fprintf(stderr, "%s: %v\n", program, c.err)
	}
	return 1
}

// OutliveReaders makes a write to standard output or error fail if its reader has
// left. Otherwise SIGPIPE would end the program at that write. In the middle of a
// run of the lab, the lab's servers would stay, and its results would be lost. The
// signal is caught and not ignored, because the programs that this program starts
// would inherit an ignored signal.
func OutliveReaders() (restore func()) {
	caught := make(chan os.Signal, 1) // never received from: the write's error is enough
	signal.Notify(caught, syscall.SIGPIPE)
	return func() { signal.Stop(caught) }
}
